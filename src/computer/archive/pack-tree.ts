import { createReadStream, type Stats } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { type Header, type Pack, pack } from 'tar-stream';
import { localFileError } from './local-file-error.js';

/** What a new entry needs at least. */
type NewHeader = Partial<Header> & Pick<Header, 'name'>;

/** Files up to this many bytes are read at once, which is much faster than a stream each. */
const smallFileBytes = 1024 * 1024;

/** Entries that are looked at together, while the ones before them are packed. Small files are read then. */
const readAtOnce = 16;

/** Bytes of all small files that are read together, so that memory is bounded to twice as many. */
const readAheadBytes = 8 * 1024 * 1024;

/** What a program that unpacks needs to put something into a directory, unless it is root. */
const ownerBits = 0o700;

/** Bytes. What is smaller is joined: each piece passes through several hands, and a small file has three of them. */
const pieceBytes = 256 * 1024;

/**
 * The contents of a local directory as a tar stream, names relative to it. Keeps permission bits, symbolic links and
 * empty directories; everything belongs to root. Sockets, pipes and devices are left out. Memory stays flat. A directory
 * that its owner may not write to comes twice: writable before what it holds, and as it is at the end.
 * @throws RemoteFileError when something cannot be read
 */
export async function* packTree(directory: string | URL): AsyncGenerator<Uint8Array, void, undefined> {
  const root = typeof directory === 'string' ? directory : fileURLToPath(directory);
  yield* packed(async (archive) => addTree(archive, root));
}

/** Runs `produce` against an archive whose bytes the caller reads meanwhile. */
export async function* packed(
  produce: (archive: Pack) => Promise<void>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const archive = pack();
  const producing = produce(archive).then(
    () => archive.finalize(),
    (error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  try {
    // Its typings leave open what a readable stream gives; a pack gives bytes.
    yield* joined(archive as AsyncIterable<Uint8Array>);
  } finally {
    archive.destroy();
    await producing;
  }
}

/** The same bytes in pieces that are not small. */
async function* joined(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let kept: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    if (chunk.length < pieceBytes) {
      kept.push(chunk);
      bytes += chunk.length;
      if (bytes < pieceBytes) continue;
    }
    if (bytes > 0) yield Buffer.concat(kept, bytes);
    kept = [];
    bytes = 0;
    if (chunk.length >= pieceBytes) yield chunk;
  }
  if (bytes > 0) yield Buffer.concat(kept, bytes);
}

/** Adds one entry; resolves when its bytes have been taken. */
async function addEntry(
  archive: Pack,
  header: NewHeader,
  content: Uint8Array = new Uint8Array(0),
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const done = (error?: Error | null) => (error == null ? resolve() : reject(error));
    // Only files have content, and the buffer's presence is what counts.
    if (header.type === 'file') archive.entry(header, content, done);
    else archive.entry(header, done);
  });
}

async function addTree(archive: Pack, root: string): Promise<void> {
  const pending = [''];
  const closed: Found[] = [];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    const names = await explained(root, directory, async (path) => readdir(path));
    const paths = names.sort().map((name) => (directory === '' ? name : `${directory}/${name}`));
    let ahead: Promise<readonly Found[]> | undefined = lookAhead(root, paths);
    while (ahead !== undefined) {
      const batch: readonly Found[] = await ahead;
      ahead = paths.length > 0 ? lookAhead(root, paths) : undefined;
      // Should packing fail first, nobody else hears of it.
      ahead?.catch(() => undefined);
      for (const found of batch) {
        const isClosed = found.entry.isDirectory() && (found.entry.mode & ownerBits) !== ownerBits;
        if (isClosed) {
          closed.push(found);
          await addDirectory(archive, found, found.entry.mode | ownerBits);
        } else await explained(root, found.name, async (local) => addFound(archive, local, found));
        if (found.entry.isDirectory()) pending.push(found.name);
      }
    }
  }
  // From within: the bits of a directory are beyond reach once those around it are set.
  for (const found of closed.reverse()) await addDirectory(archive, found, found.entry.mode);
}

async function addDirectory(archive: Pack, { name, entry: { mtime } }: Found, mode: number): Promise<void> {
  await addEntry(archive, { name: `${name}/`, type: 'directory', mode, mtime });
}

/** Takes the next batch from the front of `paths`. */
async function lookAhead(root: string, paths: string[]): Promise<readonly Found[]> {
  const budget = { bytes: readAheadBytes };
  const batch = paths.splice(0, readAtOnce);
  return await Promise.all(
    batch.map(async (path) => explained(root, path, async (local) => look(local, path, budget))),
  );
}

interface Found {
  /** Below the root. */
  readonly name: string;
  readonly entry: Stats;
  /** Of a small file that was read ahead. */
  readonly content: Buffer | undefined;
}

async function look(local: string, name: string, budget: { bytes: number }): Promise<Found> {
  const entry = await lstat(local);
  const isRead = entry.isFile() && entry.size <= Math.min(smallFileBytes, budget.bytes);
  if (!isRead) return { name, entry, content: undefined };
  budget.bytes -= entry.size;
  return { name, entry, content: await readFile(local) };
}

async function addFound(archive: Pack, local: string, { name, entry, content }: Found): Promise<void> {
  // With its type bits, or the library would take 0 for a missing mode.
  const header = { name, mode: entry.mode, mtime: entry.mtime };
  if (content !== undefined) await addEntry(archive, { ...header, type: 'file' }, content);
  else if (entry.isDirectory()) await addDirectory(archive, { name, entry, content }, entry.mode);
  else if (entry.isSymbolicLink()) {
    await addEntry(archive, { ...header, type: 'symlink', linkname: await readlink(local) });
  } else if (entry.isFile()) {
    // Not a byte more than the header says, should the file be growing.
    const file = createReadStream(local, { end: entry.size - 1, highWaterMark: smallFileBytes });
    await addStream(archive, { ...header, type: 'file', size: entry.size }, file);
  }
}

/** Adds a file whose size is known from a stream. */
export async function addStream(
  archive: Pack,
  header: NewHeader & Pick<Header, 'size'>,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  await pipeline(content, archive.entry(header));
}

async function explained<T>(
  root: string,
  path: string,
  work: (local: string, path: string) => Promise<T>,
): Promise<T> {
  const local = join(root, path);
  try {
    return await work(local, path);
  } catch (error) {
    throw localFileError(error, local, 'pack');
  }
}
