import { randomUUID } from 'node:crypto';
import { isSweLancerError } from '../errors.js';
import { attempt, type ComputerView } from './computer-core.js';
import type { CommandResult, KillReport, ShellCommandOptions } from './computer-interface.js';
import { completeCommand } from './completed-command.js';
import { Deadline, over, settledWithin } from './deadline.js';
import { endedCommandError } from './ended-command.js';
import { CommandAbortedError } from './errors.js';
import { killByShell } from './kill-by-shell.js';
import type { OutputTap } from './output-tap.js';
import { markerVariable } from './shell/process-kill.js';
import { watchedInput } from './watched-input.js';

export interface SupervisedCommand {
  readonly command: string;
  /** Redacted. */
  readonly shown: string;
  readonly options: ShellCommandOptions;
  readonly tap: OutputTap;
}

/** Default of `killGraceMs`. */
const defaultKillGraceMs = 5000;
/** What an implementation that kills natively may take for it beyond the grace, before we stop waiting. Milliseconds. */
const nativeKillMs = 30_000;
/** How long a command whose processes are gone may take to return. Milliseconds. */
const returnMs = 2000;

/**
 * Runs a command within its deadline: the implementation ends its processes where it can, else we do. One whose input
 * breaks off is ended too, and rejects with what the input threw: what it makes of a part is no result.
 */
export async function superviseCommand(
  view: ComputerView,
  supervised: SupervisedCommand,
): Promise<CommandResult> {
  const { options } = supervised;
  const { stdin } = options;
  if (stdin === undefined || typeof stdin === 'string' || stdin instanceof Uint8Array) {
    return superviseUntil(view, supervised);
  }
  const broken = new AbortController();
  let failure: { readonly error: unknown } | undefined;
  const watched = watchedInput(stdin, (error) => {
    failure = { error };
    broken.abort(error);
  });
  const [outcome] = await Promise.allSettled([
    superviseUntil(
      { ...view, until: [...view.until, broken.signal] },
      { ...supervised, options: { ...options, stdin: watched } },
    ),
  ]);
  const isCallersEnd = [options.signal, ...view.until].some((signal) => signal?.aborted === true);
  if (outcome.status === 'fulfilled') {
    if (failure !== undefined) throw failure.error;
    return outcome.value;
  }
  throw failure !== undefined && outcome.reason instanceof CommandAbortedError && !isCallersEnd
    ? failure.error
    : outcome.reason;
}

async function superviseUntil(view: ComputerView, supervised: SupervisedCommand): Promise<CommandResult> {
  const { options } = supervised;
  const deadline = new Deadline(options, ...view.until).endingWith(view.core.gone);
  try {
    return view.core.capabilities.killsProcessTree
      ? await runNatively(view, supervised, deadline)
      : await runMarked(view, supervised, deadline);
  } finally {
    deadline[Symbol.dispose]();
  }
}

async function runNatively(
  { core, until }: ComputerView,
  supervised: SupervisedCommand,
  deadline: Deadline,
): Promise<CommandResult> {
  const { command, options, tap } = supervised;
  // The implementation watches the time itself; its signal must not fire for that, or it would take it for an abort. It
  // knows of its own clean-up, so that the caller's signal will do where nothing else ends this view.
  const signal = until.length === 0 ? options.signal : deadline.aborted;
  const work = attempt(() => core.implementation.sendShellCommand(command, { ...options, signal }));
  const result = await deadline.whileOpen(work);
  if (result !== over) return result;
  const graceMs = options.killGraceMs ?? defaultKillGraceMs;
  const settled = !core.gone.hasEnded && (await settledWithin(work, graceMs + nativeKillMs));
  const kill: KillReport = { outcome: 'unconfirmed', killed: 0, survivors: null };
  if (!settled) throw await ended(core.id, supervised, deadline, kill, tap.partial());
  try {
    return await work;
  } catch (error) {
    if (isSweLancerError(error)) throw error;
    throw await ended(core.id, supervised, deadline, kill, tap.partial());
  }
}

async function runMarked(
  { core }: ComputerView,
  supervised: SupervisedCommand,
  deadline: Deadline,
): Promise<CommandResult> {
  const { command, options, tap } = supervised;
  const marker = `${core.markerPrefix}.command-${randomUUID()}`;
  // Fires only after the kill: an implementation that lets go of its link earlier could not tell the output.
  const letGo = new AbortController();
  const work = attempt(() =>
    core.implementation.sendShellCommand(command, {
      ...options,
      env: { ...options.env, [markerVariable]: marker },
      signal: letGo.signal,
      timeoutMs: undefined,
    }),
  );
  const result = await deadline.whileOpen(work);
  if (result !== over) {
    // The cleanup may be what ended it.
    core.assertOpen();
    return result;
  }
  try {
    if (core.gone.hasEnded) throw await ended(core.id, supervised, deadline, unknownKill, tap.partial());
    const kill = await killByShell({
      marker,
      graceMs: options.killGraceMs ?? defaultKillGraceMs,
      returned: work,
      run: (script, limits) => attempt(() => core.implementation.sendShellCommand(script, limits)),
    });
    const returned = await settledWithin(work, returnMs);
    const partial = returned ? await partialOf(work, tap) : tap.partial();
    // A command that does not return although no process is left has hidden some of them from us.
    const honest: KillReport =
      returned || kill.outcome !== 'confirmed' ? kill : { ...kill, outcome: 'unconfirmed', survivors: null };
    throw await ended(core.id, supervised, deadline, honest, partial);
  } finally {
    letGo.abort(deadline.reason);
  }
}

/** Some clients reject when their process is ended, as ours just was. */
async function partialOf(work: Promise<CommandResult>, tap: OutputTap): Promise<CommandResult> {
  try {
    return await work;
  } catch (error) {
    // The machine went away while we were at it; that is the news then.
    if (isSweLancerError(error)) throw error;
    return tap.partial();
  }
}

const unknownKill: KillReport = { outcome: 'unconfirmed', killed: 0, survivors: null };

async function ended(
  computerId: string,
  { shown, options }: SupervisedCommand,
  deadline: Deadline,
  kill: KillReport,
  partial: CommandResult,
): Promise<Error> {
  return endedCommandError({
    computerId,
    command: shown,
    cause: deadline.cause ?? 'abort',
    timeoutMs: options.timeoutMs,
    reason: deadline.reason,
    partial: await completeCommand(partial, 0, options.output),
    kill,
  });
}
