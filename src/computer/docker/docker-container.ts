import type Docker from 'dockerode';
import { settledWithin } from '../deadline.js';
import { ComputerLostError } from '../errors.js';
import type { ContainerLog } from './container-log.js';
import type { ContainerEnd, ContainerWatch } from './container-watch.js';
import { hasStatus, isConnectionFailure, readRefusal } from './engine-error.js';

/** A running container with what keeps an eye on it. */
export interface DockerContainer {
  readonly docker: Docker;
  readonly id: string;
  /** Also the id of the computer. */
  readonly name: string;
  /** The image it was made from, by id. */
  readonly imageId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly watch: ContainerWatch;
  readonly log: ContainerLog;
  readonly isPodman: boolean;
  /**
   * Whether the container's own user is root. An exec as root in one whose user is not has no capabilities: it may neither
   * signal that user's processes nor write into that user's directories.
   */
  readonly runsAsRoot: boolean;
  /** Whether the engine is on this machine, so that no link to it can break without it. */
  readonly isLocal: boolean;
}

/** What to throw for a container that has come to its end, with the last words of its own process. */
export async function lossOf(
  container: DockerContainer,
  end: ContainerEnd,
  cause?: unknown,
): Promise<ComputerLostError> {
  // The log's last bytes travel on another connection than the news of the end.
  await settledWithin(container.log.ended, 1000);
  const lastLogLines = container.log.lastLines;
  const code = end.exitCode === null ? '' : ` with exit code ${end.exitCode}`;
  const what = {
    ended: `ended${code}`,
    out_of_memory: `was ended by the kernel for want of memory${code}; give it more memory`,
    removed: 'was removed by somebody else',
    connection: 'cannot be reached, the link to the Docker engine is gone',
  }[end.reason];
  const log = lastLogLines.length === 0 ? '' : ` Last log lines: ${lastLogLines.slice(-5).join(' | ')}`;
  return new ComputerLostError(`The container ${container.name} ${what}.${log}`, {
    reason: end.reason,
    commandMayBeRunning: end.reason === 'connection',
    lastLogLines,
    computerId: container.name,
    cause,
  });
}

/** The loss behind a refused or unanswered call, or `undefined` when the container is alive and the call was at fault. */
export async function lossBehind(
  container: DockerContainer,
  error: unknown,
): Promise<ComputerLostError | undefined> {
  const gone =
    hasStatus(error, 404, 409, 500) &&
    /no such container|is not running|non running container|is dead|marked for removal|removal of container|state improper/i.test(
      readRefusal(error).message,
    );
  const end = gone || isConnectionFailure(error) ? await container.watch.verify() : container.watch.end;
  return end === undefined ? undefined : await lossOf(container, end, error);
}
