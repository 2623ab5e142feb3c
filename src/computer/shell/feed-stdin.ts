import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ConfigurationError } from '../../errors.js';
import type { ShellCommandOptions } from '../computer-interface.js';

/**
 * Writes the header, then a command's own input, and closes the stream. A command that stops reading early is its own
 * business. `signal` lets go of an input that has not ended.
 * @throws what the caller's iterable throws
 */
export async function feedStdin(
  stdin: Writable,
  header: string,
  input: ShellCommandOptions['stdin'],
  signal: AbortSignal,
): Promise<void> {
  stdin.write(header);
  if (input === undefined || typeof input === 'string' || input instanceof Uint8Array) {
    stdin.end(input);
    return;
  }
  let failure: { readonly error: unknown } | undefined;
  const iterator = input[Symbol.asyncIterator]();
  const watched: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        try {
          const piece = await iterator.next();
          // A stream takes whatever else it is given for a reason to end without a word.
          if (piece.done !== true && !(piece.value instanceof Uint8Array)) {
            throw new ConfigurationError(`stdin gave ${typeof piece.value}; it must give Uint8Arrays.`);
          }
          return piece;
        } catch (error) {
          failure = { error };
          throw error;
        }
      },
      return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    }),
  };
  try {
    // A Readable can be let go of while the caller's iterable still waits; a bare iterable cannot.
    await pipeline(Readable.from(watched, { objectMode: false }), stdin, { signal });
  } catch {
    if (failure !== undefined) throw failure.error;
  }
}
