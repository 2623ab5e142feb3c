import { type Extract, extract } from 'tar-stream';
import { settledWithin } from '../deadline.js';

/** Its own name for it is not exported. */
type Entry = Extract extends AsyncIterable<infer Element> ? Element : never;

/** Milliseconds that a source has to notice that nobody reads it any more. */
const letGoMs = 5000;

/**
 * The entries of a tar stream, one at a time; read or `resume` each before the next one is asked for. A piece of the stream
 * may be overwritten when the second one after it is asked for, if it is not smaller than 16 KiB, as long as the reader of
 * an entry is done with a piece when it asks for more.
 * @throws what the stream fails with, and Error when it is no archive or ends within an entry
 */
export async function* readEntries(
  archive: AsyncIterable<Uint8Array>,
): AsyncGenerator<Entry, void, undefined> {
  const parser = extract();
  const feeding = feed(archive, parser);
  try {
    yield* parser;
  } finally {
    parser.destroy();
    await settledWithin(feeding, letGoMs);
  }
}

/** Never rejects: the parser passes an error on to whoever reads its entries. */
async function feed(archive: AsyncIterable<Uint8Array>, parser: Extract): Promise<void> {
  try {
    for await (const piece of archive) {
      if (!parser.write(piece)) await drained(parser);
      if (parser.destroyed) return;
    }
    parser.end(undefined);
  } catch (error) {
    parser.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

async function drained(parser: Extract): Promise<void> {
  if (parser.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      parser.off('drain', done);
      parser.off('close', done);
      resolve();
    };
    parser.on('drain', done);
    parser.on('close', done);
  });
}
