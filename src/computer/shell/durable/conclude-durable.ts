import type { CommandRun } from '../command-run.js';
import { startError } from '../command-errors.js';
import { endProcesses } from '../end-processes.js';
import type { ExecutionEnd } from '../execution.js';
import { canStartAgain, type DurableCommand } from './durable-command.js';
import { incompleteError, removedError } from './durable-errors.js';
import type { SpoolEnd } from './spool-end.js';

/** Turns what was told of a command into its end. @throws RemoteFileError where output is missing; CommandSpawnError */
export async function concludeDurable(
  run: CommandRun,
  { directory, tokens }: DurableCommand,
  { exit, streams }: SpoolEnd,
): Promise<ExecutionEnd> {
  const unknown: ExecutionEnd = { kind: 'exited', exitCode: null, leavesNothing: false };
  if (exit === 'removed') return { kind: 'lost', error: removedError(run) };
  if (exit === 'unspooled') {
    if (canStartAgain(run)) {
      run.engine.degraded(
        `A command could not be made durable: there is no room for its files in ${directory}. It runs as an ordinary one.`,
      );
      return { kind: 'not started' };
    }
    throw startError(run, `there is no room for its output in ${directory}`, null);
  }
  const missing = (['full', 'failed', 'lost'] as const).find((state) => streams.includes(state));
  if (missing !== undefined) throw incompleteError(run, directory, missing);
  const exitCode = tokens.exitCodeOf(exit);
  if (exitCode !== undefined) return { kind: 'exited', exitCode, leavesNothing: false };
  if (exit === 'gone') return unknown;
  // Somebody inside has tampered with the record. Whatever became of the command, it has no exit code.
  await endProcesses({ control: run.engine.control, query: { marker: run.marker }, graceMs: 0 });
  return unknown;
}
