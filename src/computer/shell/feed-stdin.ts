import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ShellCommandOptions } from '../computer-interface.js';
import { watchedInput } from '../watched-input.js';

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
  const watched = watchedInput(input, (error) => {
    failure = { error };
  });
  try {
    // A Readable can be let go of while the caller's iterable still waits; a bare iterable cannot.
    await pipeline(Readable.from(watched, { objectMode: false }), stdin, { signal });
  } catch {
    if (failure !== undefined) throw failure.error;
  }
}
