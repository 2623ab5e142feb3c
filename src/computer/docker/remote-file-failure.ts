import type { CommandResult } from '../computer-interface.js';
import { RemoteFileError, type RemoteFileReason } from '../errors.js';
import { type DockerContainer, lossBehind } from './docker-container.js';
import { readRefusal } from './engine-error.js';

/** What to throw for a transfer that failed: the loss of the container if that is behind it. */
export async function transferFailure(
  container: DockerContainer,
  what: string,
  path: string,
  error: unknown,
): Promise<Error> {
  if (error instanceof RemoteFileError) return error;
  const loss = await lossBehind(container, error);
  if (loss !== undefined) return loss;
  const { message } = readRefusal(error);
  return remoteFileError(container, what, path, message, error);
}

export function remoteFileError(
  { name }: Pick<DockerContainer, 'name'>,
  what: string,
  path: string,
  message: string,
  cause?: unknown,
): RemoteFileError {
  const reason = classifyFileFailure(message);
  return new RemoteFileError(`${what} failed: ${message.trim()}`, { path, reason, cause, computerId: name });
}

/** The same for a command that was to touch a file; `undefined` when it succeeded. */
export function commandFileError(
  container: Pick<DockerContainer, 'name'>,
  what: string,
  path: string,
  result: CommandResult,
): RemoteFileError | undefined {
  if (result.exitCode === 0) return undefined;
  const message = result.stderr.trim() || `the command ended with exit code ${result.exitCode ?? 'unknown'}`;
  return remoteFileError(container, what, path, message);
}

/** Reads the reason from the kernel's words, as the engine and the tools inside pass them on. */
function classifyFileFailure(message: string): RemoteFileReason {
  // The engine's own words for a link of an archive that leads out of its directory.
  if (/invalid (sym|hard)link/i.test(message)) return 'unsafe_archive';
  if (/no space left|disk quota/i.test(message)) return 'no_space';
  if (/not a directory|extraction point is not a directory|file exists/i.test(message))
    return 'not_a_directory';
  if (/is a directory|cannot overwrite (non-)?directory/i.test(message)) return 'is_directory';
  if (/permission denied|operation not permitted|read-only/i.test(message)) return 'permission';
  if (/no such file|could not find the file|not found/i.test(message)) return 'not_found';
  return 'other';
}
