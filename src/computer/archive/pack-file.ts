import { constants, createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { UploadSource } from '../computer-interface.js';
import { addStream, packed } from './pack-tree.js';
import { readUploadSource } from './read-upload-source.js';

export interface PackFileOptions {
  /** Permission bits. Default: the local file's own, else `0o644`. */
  readonly mode?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One file as a tar stream with a single entry that belongs to root. A tar header needs the size first, so a source
 * that does not know its size is kept in a temporary file meanwhile.
 */
export async function* packFile(
  name: string,
  source: UploadSource,
  options: PackFileOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { stream, size, mode } = await readUploadSource(source, options);
  // With its type bits, or the library would take 0 for a missing mode.
  const header = { name, type: 'file', mode: constants.S_IFREG | (options.mode ?? mode) } as const;
  yield* packed(async (archive) => {
    if (size !== undefined) {
      await addStream(archive, { ...header, size }, stream);
      return;
    }
    const directory = await mkdtemp(join(tmpdir(), 'swelancer-upload-'));
    try {
      const spool = join(directory, 'content');
      await pipeline(stream, createWriteStream(spool), { signal: options.signal });
      await addStream(archive, { ...header, size: (await stat(spool)).size }, createReadStream(spool));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
}
