import type { Computer } from '../computer/computer.js';
import type { CallOptions } from '../computer/computer-interface.js';
import { isSweLancerError } from '../errors.js';
import { shellQuote } from '../computer/shell-quote.js';
import { harnessDirectory } from './own-git.js';

/** Upper limit in bytes where none is given. */
const defaultMaxBytes = 16 * 1024 ** 2;

/**
 * The bytes of a file an agent may have left. Undefined for what is no file with bytes to read: nothing, a folder, a
 * link to nowhere, a pipe that would be waited for without end, or more than `maxBytes`.
 */
export async function readRegularFile(
  computer: Computer,
  path: string,
  { maxBytes = defaultMaxBytes, signal, timeoutMs }: CallOptions & { readonly maxBytes?: number } = {},
): Promise<Uint8Array | undefined> {
  const { exitCode } = await computer.sendShellCommand(`test -f ${shellQuote(path)}`, {
    signal,
    timeoutMs,
    cwd: harnessDirectory,
    label: `look for ${path}`,
  });
  if (exitCode === 1) return undefined;
  try {
    return await computer.download(path, { signal, timeoutMs, maxBytes });
  } catch (error) {
    if (
      isSweLancerError(error) &&
      error.code === 'remote_file' &&
      'reason' in error &&
      agentsDoing.has(error.reason)
    )
      return undefined;
    throw error;
  }
}

const agentsDoing: ReadonlySet<unknown> = new Set([
  'not_found',
  'is_directory',
  'not_a_directory',
  'permission',
  'too_large',
]);
