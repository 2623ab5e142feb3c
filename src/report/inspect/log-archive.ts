import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable, Writable } from 'node:stream';
import { randomBytes } from 'node:crypto';
import { ZipWriter } from '@zip.js/zip.js';
import { inLargePieces } from './log-json.js';

/** Writes members one after another. At most one member's compressed bytes are in memory. */
export interface LogArchive {
  add(name: string, content: string | AsyncIterable<string>): Promise<void>;
}

/**
 * A zip as both of Inspect's readers take it: deflated members, sizes in their local headers, no comment. The viewer
 * hangs where sizes follow the data, as most streaming writers have it. The file is there under its name only when it is
 * whole.
 */
export async function writeArchive(
  file: string,
  work: (archive: LogArchive) => Promise<void>,
): Promise<number> {
  const partial = `${file}.${randomBytes(6).toString('hex')}.partial`;
  const output = createWriteStream(partial, { flags: 'wx' });
  const zip = new ZipWriter(Writable.toWeb(output), {
    useWebWorkers: false,
    dataDescriptor: false,
    extendedTimestamp: false,
    level: 6,
  });
  try {
    await work({
      add: async (name, content) => {
        const pieces = typeof content === 'string' ? one(content) : inLargePieces(content);
        // Node types its web streams apart from the global ones, which they are.
        await zip.add(name, Readable.toWeb(Readable.from(encoded(pieces))) as ReadableStream);
      },
    });
    await zip.close();
    await rename(partial, file);
    return output.bytesWritten;
  } catch (error) {
    output.destroy();
    await rm(partial, { force: true });
    throw error;
  }
}

async function* one(text: string): AsyncGenerator<string> {
  yield text;
}

async function* encoded(pieces: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const piece of pieces) yield encoder.encode(piece);
}
