import { posix } from 'node:path';
import { RemoteFileError } from '../errors.js';
import { type ArchiveHeader, readHeader } from './archive-header.js';
import { defaultTreeLimits, type TreeLimits } from './tree-limits.js';

const blockBytes = 512;
/** Long names and attributes of one entry. */
const maxExtensionBytes = 1024 * 1024;

/**
 * The same bytes, each piece only after it has been looked at: for an archive from an untrusted place that another
 * computer's `tar`, or its engine, is to unpack. Refuses names outside of the directory, entries written through a link of
 * the archive, hard links to what lies outside, devices and pipes, an archive that is cut off or not what it seems, and
 * more than the limits. Symbolic links may lead anywhere: what they are for is known inside only.
 * `target` is what messages name. Nothing may lie below a `closed` folder, named from the directory on as `/dev/shm`.
 *
 * By hand, because `tar-stream` gives an entry only after it has taken in more of the stream, and settles by itself what an
 * archive says twice, where the program that unpacks may settle it otherwise.
 * @throws RemoteFileError `unsafe_archive`, `too_large`; what came before is with the reader already
 */
export async function* guardArchive(
  archive: AsyncIterable<Uint8Array>,
  target: string,
  limits: TreeLimits = {},
  closed: readonly string[] = [],
): AsyncGenerator<Uint8Array, void, undefined> {
  const guard = createGuard(target, limits, closed);
  for await (const chunk of archive) {
    guard.look(chunk);
    yield chunk;
  }
  guard.end();
}

function createGuard(
  target: string,
  { maxBytes = defaultTreeLimits.maxBytes, maxEntries = defaultTreeLimits.maxEntries }: TreeLimits,
  closed: readonly string[],
) {
  const members = createMembers(target);
  const seen = { entries: 0, bytes: 0 };
  let block = Buffer.alloc(0);
  /** Bytes of content and padding until the next header. */
  let ahead = 0;
  let extension: { readonly header: ArchiveHeader; readonly pieces: Uint8Array[] } | undefined;
  let own: Partial<Pick<ArchiveHeader, 'name' | 'linkName' | 'size'>> = {};
  let ended = false;

  const onHeader = (bytes: Buffer) => {
    const header = readHeader(bytes);
    if (header === 'end') {
      ended = true;
      return;
    }
    if (header === 'damaged') throw refusal(target, 'unsafe_archive', 'it is damaged');
    if (header.kind === 'extension') {
      if (header.size > maxExtensionBytes)
        throw refusal(target, 'unsafe_archive', 'it holds a name without end');
      extension = { header, pieces: [] };
    } else {
      const entry = { ...header, ...own };
      own = {};
      seen.entries++;
      seen.bytes += entry.size;
      if (seen.entries > maxEntries)
        throw refusal(target, 'too_large', `it holds more than ${maxEntries} entries`);
      if (seen.bytes > maxBytes) throw refusal(target, 'too_large', `it holds more than ${maxBytes} bytes`);
      members.add(entry);
      const name = posix.normalize(`/${entry.name}`);
      const folder = closed.find((each) => name.startsWith(`${each}/`) && name !== `${each}/`);
      if (folder !== undefined) {
        throw refusal(
          target,
          'other',
          `${folder} in it is mounted inside only; upload what belongs there to it`,
        );
      }
      header.size = entry.size;
    }
    ahead = Math.ceil(header.size / blockBytes) * blockBytes;
    if (ahead === 0) onExtension();
  };
  const onExtension = () => {
    if (extension === undefined) return;
    const { header, pieces } = extension;
    extension = undefined;
    const said = readExtension(header, Buffer.concat(pieces).subarray(0, header.size), target);
    // Programs differ in which of two they believe.
    if (Object.keys(said).some((key) => key in own)) {
      throw refusal(target, 'unsafe_archive', 'it names an entry twice');
    }
    own = { ...own, ...said };
  };
  return {
    look: (chunk: Uint8Array) => {
      for (let offset = 0; offset < chunk.length; ) {
        if (ended) {
          if (chunk.subarray(offset).every((byte) => byte === 0)) return;
          throw refusal(target, 'unsafe_archive', 'something follows its end');
        }
        const wanted = ahead > 0 ? ahead : blockBytes - block.length;
        const piece = chunk.subarray(offset, offset + wanted);
        offset += piece.length;
        if (ahead > 0) {
          extension?.pieces.push(piece);
          ahead -= piece.length;
          if (ahead === 0) onExtension();
          continue;
        }
        block = Buffer.concat([block, piece]);
        if (block.length < blockBytes) continue;
        const header = block;
        block = Buffer.alloc(0);
        onHeader(header);
      }
    },
    end: () => {
      if (!ended) throw refusal(target, 'unsafe_archive', 'it is cut off');
    },
  };
}

/** What a record says of the entry that follows. Names are bytes, one character each. */
function readExtension({ type }: ArchiveHeader, content: Buffer, target: string) {
  const text = content.toString('latin1');
  const value = text.replace(/\0.*$/s, '');
  if (type === 'L') return { name: value };
  if (type === 'K') return { linkName: value };
  const found: { name?: string; linkName?: string; size?: number } = {};
  for (let rest = text; rest !== ''; ) {
    const length = Number(/^(\d{1,7}) /.exec(rest)?.[1] ?? 0);
    const record = rest.slice(0, length);
    const [, key = '', content = ''] = /^\d+ ([^=]+)=(.*)\n$/s.exec(record) ?? [];
    if (key === '') throw refusal(target, 'unsafe_archive', 'it is damaged');
    rest = rest.slice(length);
    if (/^GNU\.sparse\./.test(key) || (type === 'g' && /^(path|linkpath|size)$/.test(key))) {
      throw refusal(target, 'unsafe_archive', `its entries are not what they seem (${key})`);
    }
    if (key === 'path') found.name = content;
    if (key === 'linkpath') found.linkName = content;
    if (key === 'size') found.size = Number(content);
  }
  const { size = 0 } = found;
  if (!Number.isSafeInteger(size) || size < 0) throw refusal(target, 'unsafe_archive', 'it is damaged');
  return found;
}

type Member = Pick<ArchiveHeader, 'kind' | 'name' | 'linkName' | 'size'>;

function createMembers(target: string) {
  const links = new Set<string>();
  const shown = (name: string) => JSON.stringify(Buffer.from(name, 'latin1').toString());
  /** The name as a path below the directory, without `.` and empty parts. */
  const inside = (name: string): string => {
    const parts = name.split('/').filter((part) => part !== '' && part !== '.');
    if (name.startsWith('/') || parts.includes('..') || name.includes('\0')) {
      throw refusal(target, 'unsafe_archive', `${shown(name)} lies outside`);
    }
    for (let length = 1; length < parts.length; length++) {
      const parent = parts.slice(0, length).join('/');
      if (links.has(parent))
        throw refusal(target, 'unsafe_archive', `${shown(name)} would be written through ${shown(parent)}`);
    }
    return parts.join('/');
  };
  return {
    add: ({ kind, name, linkName, size }: Member) => {
      const path = inside(name);
      if (kind === 'other')
        throw refusal(target, 'unsafe_archive', `${shown(name)} is neither a file, a directory nor a link`);
      // Programs differ in whether they skip it.
      if (kind !== 'file' && size > 0)
        throw refusal(target, 'unsafe_archive', `${shown(name)} has content and is no file`);
      if (kind === 'directory' && links.has(path)) {
        throw refusal(target, 'unsafe_archive', `${shown(name)} is both a directory and not`);
      }
      if (kind === 'link') links.add(path);
      if (kind === 'hard-link' && links.has(inside(linkName))) links.add(path);
    },
  };
}

function refusal(path: string, reason: RemoteFileError['reason'], why: string): RemoteFileError {
  const message = `Refused the archive for ${path}, because ${why}. What came before that in it may be there.`;
  return new RemoteFileError(message, { path, reason });
}
