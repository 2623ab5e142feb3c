import type { Readable } from 'node:stream';

/** Bytes read ahead, so that a source need not stop while a piece is written to disk. Memory is bounded to twice as many. */
const aheadBytes = 2 * 1024 * 1024;

/** The bytes of a stream, read ahead of whoever takes them. Destroys the stream in the end. @throws what it fails with */
export async function* readAhead(stream: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  let ended: { readonly error?: Error } | undefined;
  let wake: () => void = () => undefined;
  const end = (error?: Error | null) => {
    ended ??= error == null ? {} : { error };
    wake();
  };
  stream.on('data', (piece: Uint8Array) => {
    waiting.push(piece);
    bytes += piece.length;
    if (bytes >= aheadBytes) stream.pause();
    wake();
  });
  stream.once('end', () => end());
  stream.once('error', end);
  stream.once('close', () => end(new Error('The stream was cut off.')));
  try {
    for (;;) {
      const pieces = waiting;
      waiting = [];
      bytes = 0;
      if (stream.isPaused()) stream.resume();
      yield* pieces;
      if (waiting.length > 0) continue;
      if (ended?.error !== undefined) throw ended.error;
      if (ended !== undefined) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stream.destroy();
  }
}
