import { createHash } from 'node:crypto';
import type { ImageInspectInfo } from 'dockerode';

/**
 * Tells the copy of an image that is on an engine now from one that is brought there again after this one is gone. Its id
 * does not: that is the same wherever the image is. Undefined where the engine has nothing else to tell.
 *
 * The older image store unpacks each layer it fetches into a folder with a random name; the newer one, containerd's, tells
 * when a name came to be. Both tell when somebody gave the image a name of their own, who then wants it kept.
 */
export function imageCopy({
  Id: id,
  Metadata: metadata,
  GraphDriver: driver,
}: Inspected): string | undefined {
  const named = metadata?.LastTagTime;
  const since = named === undefined || named.startsWith(never) ? undefined : named;
  const files = Object.keys(driver?.Data ?? {}).length === 0 ? undefined : driver;
  if (since === undefined && files === undefined) return undefined;
  return createHash('sha256')
    .update(JSON.stringify([id, since, files]))
    .digest('hex');
}

/** Its types promise what not every engine has. */
type Inspected = Pick<ImageInspectInfo, 'Id'> & {
  readonly Metadata?: { readonly LastTagTime?: string | undefined } | undefined;
  readonly GraphDriver?: { readonly Name?: string; readonly Data?: object | null | undefined } | undefined;
};

const never = '0001-01-01T00:00:00';
