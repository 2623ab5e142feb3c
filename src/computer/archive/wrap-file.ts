import { constants } from 'node:fs';
import { type Header, pack } from 'tar-stream';

const blockBytes = 512;

/**
 * A file of known size as a tar stream with a single entry, which hands its pieces on as they are, one by one: unlike a
 * `Pack`, it holds none of them back, so that their memory can be used again.
 * @throws Error when the content is longer or shorter than the header says
 */
export async function* wrapFile(
  header: Partial<Header> & Pick<Header, 'name' | 'size'>,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield await packedHeader(header);
  let bytes = 0;
  for await (const piece of content) {
    bytes += piece.length;
    if (bytes > header.size) break;
    yield piece;
  }
  if (bytes !== header.size)
    throw new Error(`${header.name} does not have the ${header.size} bytes it promised`);
  // The end of an archive is two empty blocks.
  yield Buffer.alloc(((blockBytes - (bytes % blockBytes)) % blockBytes) + 2 * blockBytes);
}

/** One block, or more where the name is long. */
async function packedHeader(header: Partial<Header> & Pick<Header, 'name'>): Promise<Buffer> {
  const archive = pack();
  // With its type bits, or the library would take 0 for a missing mode.
  const { mode } = header;
  const entry = archive.entry({ ...header, ...(mode !== undefined && { mode: constants.S_IFREG | mode }) });
  entry.on('error', () => undefined);
  const blocks: Buffer[] = [];
  await new Promise<void>((resolve) => void archive.once('readable', () => resolve()));
  // Its typings leave open what it gives, which is bytes.
  for (let block = archive.read() as Buffer | null; block !== null; block = archive.read() as Buffer | null) {
    blocks.push(block);
  }
  archive.destroy();
  return Buffer.concat(blocks);
}
