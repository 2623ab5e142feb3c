import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isSweLancerError } from '../../errors.js';
import { RemoteFileError } from '../errors.js';
import { localFileError } from './local-file-error.js';
import { moveInto } from './move-into.js';
import { readEntries } from './read-entries.js';
import { defaultTreeLimits, type TreeLimits } from './tree-limits.js';
import { TreeWriter } from './tree-writer.js';
import { unsafeArchive } from './unsafe-archive.js';

/** Bytes of an archive that may be something else than file contents: to begin with, and more for each entry. */
const overheadBytes = 4 * 1024 * 1024;
const overheadBytesPerEntry = 16 * 1024;

/**
 * Unpacks a tar stream from an untrusted place. Refuses what would reach outside of `localDirectory` (absolute names,
 * `..`, links that lead out, writes through a link), devices, pipes, a cut-off archive, and more than the limits.
 * Owners, times and set-user bits of the archive are not applied.
 *
 * All is unpacked beside the target first and moved then: when it fails, the target is as it was. Files that the target
 * has already are replaced, others stay.
 * @throws RemoteFileError `unsafe_archive`, `too_large`, or what the local file system says
 */
export async function extractTree(
  archive: AsyncIterable<Uint8Array>,
  localDirectory: string,
  limits: TreeLimits = {},
): Promise<void> {
  const target = resolve(localDirectory);
  try {
    await mkdir(dirname(target), { recursive: true });
    const beside = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
    try {
      await unpack(archive, beside, target, limits);
      await moveInto(beside, target);
    } finally {
      await rm(beside, { recursive: true, force: true });
    }
  } catch (error) {
    throw localFileError(error, target, 'unpack an archive into');
  }
}

async function unpack(
  archive: AsyncIterable<Uint8Array>,
  root: string,
  target: string,
  { maxBytes = defaultTreeLimits.maxBytes, maxEntries = defaultTreeLimits.maxEntries }: TreeLimits,
): Promise<void> {
  const writer = new TreeWriter(root, target);
  const seen = { entries: 0, contentBytes: 0 };
  const source = checked(archive, target, {
    allowedBytes: () => overheadBytes + seen.contentBytes + seen.entries * overheadBytesPerEntry,
  });
  try {
    for await (const entry of readEntries(source.pieces)) {
      const { header } = entry;
      seen.entries++;
      seen.contentBytes += header.size;
      if (seen.entries > maxEntries) throw tooLarge(target, `${maxEntries} entries`);
      if (seen.contentBytes > maxBytes) throw tooLarge(target, `${maxBytes} bytes`);
      // Its typings leave open what a readable stream gives; an entry gives bytes.
      await writer.write(header, entry as AsyncIterable<Uint8Array>);
      entry.resume();
    }
    await writer.finish();
  } catch (error) {
    if (error === source.failure() || isSweLancerError(error) || isSystemError(error)) throw error;
    throw unsafeArchive(target, `it is damaged (${String(error)})`, error);
  } finally {
    await writer.stop();
  }
}

/** The same pieces, for as long as they can be those of an honest archive. */
function checked(
  archive: AsyncIterable<Uint8Array>,
  target: string,
  { allowedBytes }: { readonly allowedBytes: () => number },
) {
  let failure: Error | undefined;
  async function* look(): AsyncGenerator<Uint8Array, void, undefined> {
    let bytes = 0;
    let end: Uint8Array = new Uint8Array(0);
    for await (const piece of archive) {
      // Endless padding, or headers without files, would otherwise keep us busy for ever.
      if (bytes > allowedBytes()) throw unsafeArchive(target, 'it holds more padding than files');
      bytes += piece.length;
      end = piece.length >= 512 ? piece.subarray(-512) : Buffer.concat([end, piece]).subarray(-512);
      yield piece;
    }
    // The parser takes an archive that stops between two entries for a complete one.
    if (end.length < 512 || end.some((byte) => byte !== 0)) throw unsafeArchive(target, 'it is cut off');
  }
  async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* look();
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw failure;
    }
  }
  return { pieces: pieces(), failure: () => failure };
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function tooLarge(path: string, limit: string): RemoteFileError {
  return new RemoteFileError(`The archive for ${path} holds more than ${limit}; nothing of it was kept.`, {
    path,
    reason: 'too_large',
  });
}
