import { randomBytes } from 'node:crypto';
import { attempt, type ComputerView } from '../computer-core.js';
import type { CommandResult } from '../computer-interface.js';
import { shortCommand } from '../command-failure.js';
import { Deadline, settledWithin } from '../deadline.js';
import { CommandAbortedError, CommandTimeoutError, ComputerLostError } from '../errors.js';
import type { CommandRun, EngineParts } from '../shell/command-run.js';
import type { ControlShell } from '../shell/control-shell.js';
import { startDurably } from '../shell/durable/durable-execution.js';
import { endProcesses } from '../shell/end-processes.js';
import { executeCommand, type StartExecution } from '../shell/execute-command.js';
import { killLater } from '../shell/kill-later.js';
import type { SupervisedCommand } from '../supervise-command.js';
import { controlByCalls } from './call-control.js';
import { callStarts } from './call-execution.js';
import { makeSpoolFolder, removeFolderText } from './make-spool-folder.js';
import type { SendCommand } from './send-command.js';

/** Milliseconds for the removal of a command's files, after which its result is given all the same. */
const removeMs = 5000;
/** Bytes of each stream kept inside where nothing of it is known to have arrived before all of it has. */
const unheardSpoolBytes = 2 ** 30;

/**
 * Runs a durable command on a computer that knows whole commands only: output and exit code stay inside until they have
 * been collected, over as many calls of `sendShellCommand` as it takes. `undefined` where the computer has not got what
 * that needs: nothing has been started then.
 */
export async function keepCommand(
  view: ComputerView,
  supervised: SupervisedCommand,
): Promise<CommandResult | undefined> {
  const { core, scope, until } = view;
  if (core.keepsNothing) return undefined;
  const { options } = supervised;
  const seen: Seen = { isKilledLater: false, outOfMemory: false, isFolderMade: false, mayRun: false };
  const send: SendCommand = (command, limits) => {
    const user = limits.user ?? seen.caretaker;
    return attempt(() => core.implementation.sendShellCommand(command, { ...limits, user }));
  };
  const control = controlByCalls(send, core.id);
  const name = `command-kept${randomBytes(16).toString('hex')}`;
  const folder = `/tmp/.swelancer-${name}`;
  const remove = async () => {
    if (seen.isFolderMade) await settledWithin(control.run(removeFolderText(folder), removeMs), removeMs);
  };
  // The implementation's own signal fires after the kill only, as that of an ordinary command.
  using aborts = new Deadline({ signal: options.signal }, ...until);
  const marker = `${core.markerPrefix}.${name}`;
  const { closing, leave } = closeWith(view, marker, control, remove);
  const engine: EngineParts = {
    transport: noTransport,
    control,
    computerId: core.id,
    closing,
    linger: () => undefined,
    heartbeatMs: 0,
    describe: async () => core.implementation.describe?.() ?? { state: 'unknown' },
    killLater: (lost) => {
      seen.isKilledLater = true;
      void killLater(control, lost, closing)
        .then(async () => closing.aborted || (await remove()))
        .finally(leave);
    },
    degraded: (reason) => core.degraded(scope, reason),
  };
  const run: CommandRun = {
    engine,
    command: supervised.command,
    options: { ...options, signal: aborts.aborted, durable: undefined },
    redactedCommand: supervised.shown,
    title: core.redactor.redact(options.label ?? shortCommand(supervised.shown)),
    // The computer's own, which it knows and we do not.
    workingDirectory: options.cwd ?? '.',
    environment: {},
    marker,
  };
  const { streamsOutput } = core.capabilities;
  const { reattachTimeoutMs, spoolBytes = streamsOutput ? undefined : unheardSpoolBytes } =
    core.implementation.durability ?? {};
  const starts = callStarts({
    send,
    environment: options.env ?? {},
    streamsOutput,
    onResult: (result) => {
      seen.outOfMemory ||= result.outOfMemory === true;
    },
  });
  const start: StartExecution = async (...parameters) => {
    seen.isFolderMade = true;
    const make = (expectsRoot: boolean) => makeSpoolFolder(send, folder, expectsRoot, parameters[2]);
    let made = await make(options.user !== undefined);
    if (made.kind === 'not root') {
      seen.caretaker = options.user;
      made = await make(false);
    }
    if (made.kind === 'missing') {
      if (made.isForGood) core.lacksDurability(scope, made.why);
      else
        core.degraded(scope, `A command could not be made durable, ${made.why}. It runs as an ordinary one.`);
      throw new NotKeptError();
    }
    if (parameters[2].aborted) {
      // The computer may have been slower than the removal at the command's end.
      await remove();
      parameters[2].throwIfAborted();
    }
    return startDurably(
      { folder, isFolderOfOne: true, reattachTimeoutMs, spoolBytes },
      starts,
    )(...parameters);
  };
  try {
    const result = await executeCommand(run, start, refuse);
    await remove();
    return seen.outOfMemory ? { ...result, outOfMemory: true } : result;
  } catch (error) {
    if (error instanceof NotKeptError) {
      await remove();
      return undefined;
    }
    // What may still run needs its files; whoever looks for it finds its output there.
    const isEnded = isEarlyEnd(error) ? error.kill.outcome === 'confirmed' : !isLoss(error);
    if (isEnded) await remove();
    seen.mayRun = error instanceof ComputerLostError && error.commandMayBeRunning;
    throw error;
  } finally {
    // What may still run is ended when the computer is given back.
    if (!seen.isKilledLater && !seen.mayRun) leave();
  }
}

interface Seen {
  isKilledLater: boolean;
  outOfMemory: boolean;
  isFolderMade: boolean;
  mayRun: boolean;
  /** Who looks after the command, where only its own user may: not the computer's account. */
  caretaker?: string | undefined;
}

class NotKeptError extends Error {}

/** In place of the ordinary start, which is not for an engine whose computer has no channels. */
const refuse: StartExecution = () => Promise.reject(new NotKeptError());

const noTransport: EngineParts['transport'] = {
  open: () => Promise.reject(new TypeError('A computer of five methods has no channels.')),
};

function isEarlyEnd(error: unknown): error is CommandTimeoutError | CommandAbortedError {
  return error instanceof CommandTimeoutError || error instanceof CommandAbortedError;
}

function isLoss(error: unknown): boolean {
  return error instanceof ComputerLostError;
}

/** Follows the computer's end. What it does not end with its link is ended before that is given back. */
function closeWith(
  { core }: ComputerView,
  marker: string,
  control: ControlShell,
  remove: () => Promise<void>,
): { readonly closing: AbortSignal; readonly leave: () => void } {
  const closing = new AbortController();
  const end = async (reason: Error) => {
    closing.abort(reason);
    const { outcome } = await endProcesses({ control, query: { marker }, graceMs: 0 });
    if (outcome === 'confirmed') await remove();
  };
  core.beforeCleanup.add(end);
  const onGone = () => closing.abort(core.gone.reason);
  core.gone.follow(onGone);
  return {
    closing: closing.signal,
    leave: () => {
      core.beforeCleanup.delete(end);
      core.gone.leave(onGone);
    },
  };
}
