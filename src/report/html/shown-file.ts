import { readFile } from 'node:fs/promises';
import type { Artifact } from '../../store/stored-run.js';
import { bytes } from '../figures.js';
import { visibleText } from '../visible-text.js';
import type { ShownFile } from './attempt-detail.js';
import type { MediaBudget } from './limits.js';

/** A kept file, inside the page where its first bytes say that it is a picture or a video and there is room. */
export async function shownFile(artifact: Artifact, link: string, media: MediaBudget): Promise<ShownFile> {
  const claimed = claimedKind(artifact.name);
  const common = { name: visibleText(artifact.name), size: bytes(artifact.bytes), link };
  if (claimed === 'other' || !media.take(artifact.bytes)) return { ...common, kind: claimed };
  const content = await readFile(artifact.path);
  const found = signatures.find(({ offset, start }) =>
    content.subarray(offset, offset + start.length).equals(start),
  );
  if (found === undefined) return { ...common, kind: 'other' };
  const kind = found.mediaType.startsWith('video/') ? 'video' : 'image';
  return { ...common, kind, data: `data:${found.mediaType};base64,${content.toString('base64')}` };
}

const signatures = [
  { offset: 0, start: Buffer.from('89504e470d0a1a0a', 'hex'), mediaType: 'image/png' },
  { offset: 0, start: Buffer.from('ffd8ff', 'hex'), mediaType: 'image/jpeg' },
  { offset: 0, start: Buffer.from('GIF8'), mediaType: 'image/gif' },
  { offset: 8, start: Buffer.from('WEBP'), mediaType: 'image/webp' },
  { offset: 0, start: Buffer.from('1a45dfa3', 'hex'), mediaType: 'video/webm' },
  { offset: 4, start: Buffer.from('ftyp'), mediaType: 'video/mp4' },
];

function claimedKind(name: string): ShownFile['kind'] {
  if (/\.(png|jpe?g|gif|webp)$/i.test(name)) return 'image';
  return /\.(webm|mp4)$/i.test(name) ? 'video' : 'other';
}
