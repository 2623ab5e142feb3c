import type { EventMap } from '../events/event.js';
import { observe, type TypedEvent } from '../events/event-scope.js';
import type { ErrorRecord } from '../errors.js';
import { givenVariables, Secret } from '../redaction.js';
import { checkCommand } from './check-command.js';
import { missingShellText, textForShell } from './command-shell.js';
import { type CompletedCommand, completeCommand } from './completed-command.js';
import type { ComputerCore, ComputerView } from './computer-core.js';
import type { CommandResult, Reattachment, ShellCommandOptions } from './computer-interface.js';
import { endedCommandError, nothingToKill } from './ended-command.js';
import {
  CommandAbortedError,
  CommandSpawnError,
  CommandTimeoutError,
  UnsupportedOptionError,
} from './errors.js';
import { keepCommand } from './kept/keep-command.js';
import { lateOutput } from './late-output.js';
import { OutputTap } from './output-tap.js';
import { isDurableByDefault } from './shell/durable/durable-options.js';
import { type SupervisedCommand, superviseCommand } from './supervise-command.js';

/** Characters of a command's text that its events carry. */
const shownCharacters = 16_384;

/** Runs one command of a view, from its start event to exactly one end event. */
export async function runCommand(
  view: ComputerView,
  command: string,
  options: ShellCommandOptions = {},
): Promise<CompletedCommand> {
  const { core } = view;
  checkCommand(command, options);
  for (const value of Object.values(options.env ?? {})) if (value instanceof Secret) core.redactor.add(value);

  const commandId = core.newCommandId();
  const start = commandStart(view, commandId, command, options);
  return observe(
    view.scope,
    {
      start: ['command.started', start],
      finished: (result, durationMs) => finished(commandId, result, durationMs),
      failed: (error, durationMs, thrown) => failed(commandId, error, durationMs, thrown),
    },
    async (span) => {
      const tap = new OutputTap({
        commandId,
        scope: span,
        redactor: core.redactor,
        options,
        keep: !core.capabilities.killsProcessTree,
      });
      try {
        const onReattach = (reattachment: Reattachment) => {
          span.emit('command.reattached', { commandId, ...reattachment });
          options.onReattach?.(reattachment);
        };
        const onLateOutput = lateOutput({
          commandId,
          scope: span,
          redactor: core.redactor,
          onLateOutput: options.onLateOutput,
        });
        const passedOn = allOptions(options, { onOutput: tap.receive, onReattach, onLateOutput });
        const result = await execute(view, start.command, command, passedOn, tap);
        tap.end(result);
        return result;
      } catch (error) {
        tap.end(undefined);
        throw core.seen(error, span);
      }
    },
  );
}

type Hooks = Required<Pick<ShellCommandOptions, 'onOutput' | 'onReattach' | 'onLateOutput'>>;

/** Every option, given or not, so that the options of all commands are objects of one kind: those are much faster to read. */
function allOptions(
  options: ShellCommandOptions,
  hooks: Hooks,
): { [Name in keyof Required<ShellCommandOptions>]: ShellCommandOptions[Name] } {
  return {
    signal: options.signal,
    timeoutMs: options.timeoutMs,
    cwd: options.cwd,
    env: options.env && givenVariables(options.env),
    user: options.user,
    shell: options.shell,
    stdin: options.stdin,
    killGraceMs: options.killGraceMs,
    output: options.output,
    label: options.label,
    durable: options.durable,
    ...hooks,
  };
}

async function execute(
  view: ComputerView,
  shown: string,
  command: string,
  options: ShellCommandOptions,
  tap: OutputTap,
): Promise<CompletedCommand> {
  const { core, until } = view;
  core.assertOpen();
  if (options.user !== undefined && !core.capabilities.switchesUser) {
    const message = `Computer ${core.id} cannot run a command as user ${options.user}: it does not declare switchesUser.`;
    throw new UnsupportedOptionError(message, { option: 'user', computerId: core.id });
  }
  for (const signal of [options.signal, ...until]) {
    if (signal?.aborted !== true) continue;
    const partial = await completeCommand({ exitCode: null, stdout: '', stderr: '' }, 0);
    throw endedCommandError({
      computerId: core.id,
      command: shown,
      cause: 'abort',
      timeoutMs: undefined,
      reason: signal.reason,
      partial,
      kill: nothingToKill,
    });
  }
  const startedAt = performance.now();
  const timed = (result: CommandResult) =>
    completeCommand(result, Math.round(performance.now() - startedAt), options.output);
  const supervised = { command, shown, options, tap };
  let left = supervised;
  if (isKept(view, options)) {
    const kept = await inShell(core, supervised, false, async (inSh) => keepCommand(view, inSh));
    if (kept !== undefined) return timed(kept);
    const { timeoutMs } = options;
    // The time that was tried in counts.
    const leftMs = timeoutMs && Math.max(1, timeoutMs - Math.round(performance.now() - startedAt));
    left = { ...supervised, options: { ...options, timeoutMs: leftMs } };
  }
  return timed(
    await inShell(core, left, core.capabilities.choosesShell, async (chosen) =>
      superviseCommand(view, chosen),
    ),
  );
}

/** Whether we keep the command inside for a computer that does not do it itself. */
function isKept({ core, scope }: ComputerView, { durable, timeoutMs }: ShellCommandOptions): boolean {
  const { capabilities, implementation } = core;
  if (capabilities.survivesLostLinks) return false;
  const isDeclared = implementation.durability !== undefined;
  if (!(durable ?? (isDeclared && isDurableByDefault(timeoutMs)))) return false;
  if (capabilities.streamsOutput || isDeclared) return true;
  // It may cut what it gives at the end, and nobody could tell that from a lost link.
  core.lacksDurability(scope, 'it declares neither streamsOutput nor durability');
  return false;
}

/** Has `sh` start the shell that is asked for, where `run` has no other. */
async function inShell<T extends CommandResult | undefined>(
  core: ComputerCore,
  supervised: SupervisedCommand,
  choosesShell: boolean,
  run: (supervised: SupervisedCommand) => Promise<T>,
): Promise<T> {
  const { shell = 'sh' } = supervised.options;
  if (shell === 'sh' || choosesShell) return run(supervised);
  const { text, isMissingIn } = textForShell(supervised.command, shell);
  const result = await run({
    ...supervised,
    command: text,
    options: { ...supervised.options, shell: undefined },
  });
  if (result === undefined || !isMissingIn(result)) return result;
  throw new CommandSpawnError(`Command could not be started, ${missingShellText}: ${supervised.shown}`, {
    computerId: core.id,
    command: supervised.shown,
    reason: 'shell',
  });
}

function commandStart(
  { core }: ComputerView,
  commandId: string,
  command: string,
  { label, cwd, user, shell = 'sh', timeoutMs }: ShellCommandOptions,
): EventMap['command.started'] {
  const text = core.redactor.redact(command);
  return {
    commandId,
    command:
      text.length > shownCharacters
        ? `${text.slice(0, shownCharacters)}\n[... ${text.length - shownCharacters} characters left out ...]`
        : text,
    ...(label !== undefined && { label: core.redactor.redact(label) }),
    ...(cwd !== undefined && { cwd: core.redactor.redact(cwd) }),
    ...(user !== undefined && { user }),
    ...(shell !== 'sh' && { shell }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
}

function finished(commandId: string, result: CompletedCommand, durationMs: number): TypedEvent {
  const { leftoverProcesses, outOfMemory } = result;
  return [
    'command.finished',
    { leftoverProcesses, outOfMemory, ...commandEnd(commandId, result, durationMs) },
  ];
}

function failed(commandId: string, error: ErrorRecord, durationMs: number, thrown: unknown): TypedEvent {
  if (thrown instanceof CommandTimeoutError || thrown instanceof CommandAbortedError) {
    const end = { ...commandEnd(commandId, thrown.partial, durationMs), kill: thrown.kill };
    return thrown instanceof CommandTimeoutError ? ['command.timed_out', end] : ['command.aborted', end];
  }
  return ['command.failed', { commandId, durationMs, error }];
}

function commandEnd(commandId: string, result: CommandResult, durationMs: number) {
  return {
    commandId,
    exitCode: result.exitCode,
    durationMs,
    stdoutBytes: result.captured?.stdout.totalBytes ?? Buffer.byteLength(result.stdout),
    stderrBytes: result.captured?.stderr.totalBytes ?? Buffer.byteLength(result.stderr),
  };
}
