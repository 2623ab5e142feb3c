import { isSweLancerError } from '../../errors.js';
import { missingShellText } from '../command-shell.js';
import type { CommandResult, KillReport } from '../computer-interface.js';
import { settledWithin } from '../deadline.js';
import { CommandAbortedError, CommandSpawnError, CommandTimeoutError, ComputerLostError } from '../errors.js';
import type { CommandRun } from './command-run.js';

/** Milliseconds. A machine that is gone may not be able to tell what became of it. */
const describeTimeoutMs = 2000;

/** Nothing was started, so nothing is left. */
export const nothingToKill: KillReport = { outcome: 'confirmed', killed: 0, survivors: 0 };

/** The command was ended by its deadline or by the caller's signal. */
export function endedError(
  run: CommandRun,
  cause: { readonly kind: 'timeout' } | { readonly kind: 'abort'; readonly reason: unknown },
  partial: CommandResult,
  kill: KillReport,
): CommandTimeoutError | CommandAbortedError {
  const options = { computerId: run.engine.computerId, command: run.redactedCommand, partial, kill };
  const fate = killText(kill);
  if (cause.kind === 'timeout') {
    const limit = run.options.timeoutMs ?? 0;
    return new CommandTimeoutError(
      `Command passed its deadline of ${limit} ms: ${run.title}. ${fate}`,
      options,
    );
  }
  return new CommandAbortedError(`Command was aborted: ${run.title}. ${fate}`, {
    ...options,
    cause: cause.reason,
  });
}

function killText({ outcome, killed, survivors }: KillReport): string {
  if (outcome === 'confirmed') return `It was ended (${killed} processes), and none is left.`;
  if (survivors !== null && survivors > 0) return `${survivors} of its processes could not be ended.`;
  return 'Whether all of its processes have ended could not be seen.';
}

export function directoryError(run: CommandRun): CommandSpawnError {
  return spawnError(
    run,
    'working_directory',
    `the working directory ${run.workingDirectory} cannot be entered`,
  );
}

export function shellError(run: CommandRun): CommandSpawnError {
  return spawnError(run, 'shell', missingShellText);
}

/** In the words of Docker, podman and our own shells. */
export function saysUnknownUser(text: string): boolean {
  return /unable to find user|no such user|unknown user/i.test(text);
}

/** Something before our shell ended the start; `text` is what it said. */
export function startError(run: CommandRun, text: string, exitCode: number | null): CommandSpawnError {
  const said = text.trim().slice(-1000);
  const reason = /fork|resource temporarily unavailable|pids|no_pids/i.test(said)
    ? 'processes'
    : saysUnknownUser(said)
      ? 'user'
      : 'other';
  const ending = exitCode === null ? 'the shell ended' : `the shell ended with ${exitCode}`;
  return spawnError(run, reason, said === '' ? `${ending} before it began` : `${ending}: ${said}`);
}

function spawnError(run: CommandRun, reason: CommandSpawnError['reason'], why: string): CommandSpawnError {
  return new CommandSpawnError(`Command could not be started, ${why}: ${run.title}`, {
    computerId: run.engine.computerId,
    command: run.redactedCommand,
    reason,
  });
}

/** What to throw when the link or the machine went away under a command. */
export async function lostError(run: CommandRun, error: unknown): Promise<Error> {
  if (error instanceof Error && isSweLancerError(error)) return error;
  const asked = run.engine.describe();
  const description = (await settledWithin(asked, describeTimeoutMs)) ? await asked : undefined;
  const ended = description?.state === 'ended';
  return new ComputerLostError(
    `The computer was lost while a command ran: ${run.title}. ${ended ? 'The machine has ended.' : 'The link broke.'}`,
    {
      computerId: run.engine.computerId,
      cause: error,
      reason: ended ? (description.outOfMemory === true ? 'out_of_memory' : 'ended') : 'connection',
      commandMayBeRunning: !ended,
      lastLogLines: description?.lastLogLines,
    },
  );
}
