import { isSweLancerError } from '../../../errors.js';
import { CommandSpawnError, ComputerLostError, RemoteFileError } from '../../errors.js';
import type { CommandRun } from '../command-run.js';

/** Whether trying to reach the machine again is of no use. */
export function isFinal(error: unknown): boolean {
  return isSweLancerError(error) && !error.retryable && !(error instanceof CommandSpawnError);
}

export function unreachableError(
  run: CommandRun,
  directory: string,
  timeoutMs: number,
  cause: unknown,
): ComputerLostError {
  const why = cause instanceof Error ? ` ${cause.message}` : '';
  return new ComputerLostError(
    `The link was lost while a durable command ran, and could not be made again within ${timeoutMs} ms: ${run.title}. The command may still run; what it wrote is kept in ${directory} on the machine for as long as the computer lives.${why}`,
    { computerId: run.engine.computerId, reason: 'connection', commandMayBeRunning: true, cause },
  );
}

export function neverStartedError(run: CommandRun): ComputerLostError {
  return new ComputerLostError(
    `The link was lost while the input of a command was sent: ${run.title}. It was not started. Its input can be read once only, so the command cannot be tried again here.`,
    { computerId: run.engine.computerId, reason: 'connection' },
  );
}

export function removedError(run: CommandRun): ComputerLostError {
  return new ComputerLostError(
    `A durable command was not found again after the link was lost: ${run.title}. Its files on the machine are gone, as when the machine heard nothing of the harness for longer than its lease, and ended everything of this computer.`,
    { computerId: run.engine.computerId, reason: 'removed', commandMayBeRunning: true },
  );
}

const whyIncomplete = {
  full: 'the disk of the machine is full',
  failed: 'its files could not be written',
  lost: 'because the processes that kept it were ended, by the command itself (`kill -9 -1`) or by something beside it',
};

export function incompleteError(
  run: CommandRun,
  directory: string,
  what: keyof typeof whyIncomplete,
): RemoteFileError {
  const advice = what === 'lost' ? 'Run it' : `Free space under ${directory}, or run it`;
  return new RemoteFileError(
    `Output of a durable command could not be kept, ${whyIncomplete[what]}: ${run.title}. ${advice} with durable: false.`,
    { path: directory, reason: what === 'full' ? 'no_space' : 'other', computerId: run.engine.computerId },
  );
}
