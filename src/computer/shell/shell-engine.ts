import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { posix } from 'node:path';
import { type Environment, givenVariables, Redactor, revealEnvironment, Secret } from '../../redaction.js';
import type {
  CallOptions,
  CommandResult,
  ComputerDescription,
  KillReport,
  ShellCommandOptions,
} from '../computer-interface.js';
import { ComputerLostError } from '../errors.js';
import { textForShell } from '../command-shell.js';
import { shellError } from './command-errors.js';
import type { CommandRun, EngineParts } from './command-run.js';
import { type ControlShell, createControlShell } from './control-shell.js';
import { endProcesses } from './end-processes.js';
import {
  identityScript,
  markerVariable,
  type ProcessIdentity,
  parseProcessReport,
  servicesScript,
} from './process-kill.js';
import { startOnLane } from './lane-execution.js';
import { createLanePool } from './lane-pool.js';
import { startOnChannel } from './channel-execution.js';
import { startDurably } from './durable/durable-execution.js';
import type { DurableOptions } from './durable/durable-options.js';
import { executeCommand, type StartExecution } from './execute-command.js';
import { killLater } from './kill-later.js';
import { rejectNul } from './shell-text.js';
import type { ShellChannel, ShellTransport } from './shell-transport.js';

export interface ShellEngineOptions {
  readonly transport: ShellTransport;
  /** Absolute. Where commands start unless they say otherwise. */
  readonly workingDirectory: string;
  /** Exported to every command, over stdin: it is in no argument and in no log. */
  readonly environment: Environment;
  readonly computerId: string;
  /** How to start the shell that kills, where commands may run as a user who could not. Default: `transport`. */
  readonly killTransport?: ShellTransport | undefined;
  /**
   * Nobody on the machine may end everything: each user's processes are looked at and ended by a shell of that user's.
   * Default: one shell does it all.
   */
  readonly killsByUser?: boolean | undefined;
  /** Asked when a command lost its machine for a reason the transport did not know. Must not throw. */
  readonly describe?: (() => Promise<ComputerDescription>) | undefined;
  /**
   * `exec`: each command gets a channel of its own. `lane`: supervisors that stay open take one command after another,
   * which is many times faster; commands with stdin, and more than eight at once, still get a channel. Default: `exec`.
   */
  readonly strategy?: 'lane' | 'exec' | undefined;
  /**
   * Milliseconds a lane may be silent while a command runs before the control shell looks after it; further looks get
   * rarer. Default: 5000.
   */
  readonly heartbeatMs?: number | undefined;
  /** Where and when commands are kept inside until they are collected. Default: no command is durable. */
  readonly durable?: EngineDurability | undefined;
  /** Told why what was asked for cannot be had, such as lanes on a machine without `setsid`. */
  readonly onDegraded?: ((reason: string) => void) | undefined;
  /** Begins the marker of every command, so that all of them can be found. Letters and digits. Default: random. */
  readonly marker?: string | undefined;
}

interface EngineDurability extends DurableOptions {
  /** Which commands are durable when they do not say it themselves. */
  readonly isDefault: (timeoutMs: number | undefined) => boolean;
}

/** Turns "start this argv inside" into commands with deadlines, bounds and a kill that can prove itself. */
export interface ShellEngine {
  /**
   * @throws CommandTimeoutError, CommandAbortedError after the kill is settled; CommandSpawnError; ComputerLostError
   */
  sendShellCommand(command: string, options?: ShellCommandOptions): Promise<CommandResult>;
  /** Opens the shell that kills ahead of its first use, when it may be too late for a new process. Never rejects. */
  prepare(): Promise<void>;
  /**
   * Everything that runs now and is no command's belongs to the machine, and `killAll` spares it. Only for a machine that
   * is all the computer's own, such as a container.
   */
  noteServices(options?: CallOptions): Promise<void>;
  /**
   * Ends every process of every command, also of those under way and of those that have ended. Once services have been
   * noted: everything that is neither a service nor was started by one, so that no process escapes by clearing its
   * environment in a session of its own. Before that such a process escapes.
   */
  killAll(options?: CallOptions): Promise<KillReport>;
  /** Lets go of every link. Commands under way fail; whoever owns the machine ends its processes. Idempotent. */
  close(): Promise<void>;
}

export function createShellEngine(options: ShellEngineOptions): ShellEngine {
  const { transport, computerId } = options;
  const marker = options.marker ?? randomBytes(16).toString('hex');
  const killing = withMarker(options.killTransport ?? transport, `${marker}.control`);
  const control = createControlShell(killing, computerId);
  const controls = new Map<string | undefined, ControlShell>([[undefined, control]]);
  const controlOf = (user: string | undefined): ControlShell => {
    if (options.killsByUser !== true) return control;
    const own =
      controls.get(user) ??
      createControlShell(
        { ...killing, open: async (request, call) => killing.open({ ...request, user }, call) },
        computerId,
      );
    controls.set(user, own);
    return own;
  };
  const closing = new AbortController();
  // Every command under way listens.
  setMaxListeners(0, closing.signal);
  const lingering = new Set<ShellChannel>();
  let services: readonly ProcessIdentity[] | undefined;
  const partsFor = (own: ControlShell): EngineParts => ({
    transport,
    control: own,
    computerId,
    closing: closing.signal,
    linger: (channel, drained) => {
      lingering.add(channel);
      void drained.then(() => {
        lingering.delete(channel);
        channel.destroy();
      });
    },
    heartbeatMs: options.heartbeatMs ?? defaultHeartbeatMs,
    describe: options.describe ?? (async () => ({ state: 'unknown' })),
    killLater: (lost) => void killLater(own, lost, closing.signal),
    degraded: (reason) => options.onDegraded?.(reason),
  });
  const parts = partsFor(control);
  const lanes = createLanePool(withMarker(transport, `${marker}.lane`), (reason) => {
    parts.degraded(
      `This computer cannot keep shells open for commands: ${reason}. Each gets a channel instead.`,
    );
  });
  return {
    sendShellCommand: async (command, commandOptions = {}) => {
      if (closing.signal.aborted) throw cleanedUp(computerId);
      const { shell = 'sh' } = commandOptions;
      const inShell = shell === 'sh' ? undefined : textForShell(command, shell);
      const prepared = prepare(
        partsFor(controlOf(commandOptions.user)),
        options,
        marker,
        command,
        commandOptions,
      );
      const run = inShell === undefined ? prepared : { ...prepared, command: inShell.text };
      const usesLane = options.strategy === 'lane' && commandOptions.stdin === undefined;
      const starts: readonly [StartExecution, ...StartExecution[]] = usesLane
        ? [startOnLane(lanes), startOnLane(lanes), startOnChannel]
        : [startOnChannel];
      const { durable } = options;
      const result =
        durable !== undefined && (commandOptions.durable ?? durable.isDefault(commandOptions.timeoutMs))
          ? await executeCommand(
              run,
              startDurably(durable, { start: starts[0], find: startOnChannel, startAgain: startOnChannel }),
              ...starts,
            )
          : await executeCommand(run, ...starts);
      if (inShell?.isMissingIn(result) === true) throw shellError(run);
      return result;
    },
    prepare: async () => control.prepare(),
    noteServices: async (options) => {
      const output = await control.run(
        servicesScript(commandMarkers(marker)),
        options?.timeoutMs ?? lookTimeoutMs,
      );
      services = parseProcessReport(output)?.processes;
    },
    killAll: async () => {
      // Supervisors are no services: they would be ended under the next command.
      const own = lanes.endIdle();
      let killedByOthers = 0;
      const others: ProcessIdentity[] = [];
      for (const [user, each] of controls) {
        if (user === undefined) continue;
        // With the lanes that are busy: nobody else could end them.
        const query = { marker: `${marker}.` };
        killedByOthers += (await endProcesses({ control: each, own, query, graceMs: 0 })).killed;
        const identity = await each.run(identityScript, lookTimeoutMs).catch(() => '');
        others.push(identity.trim());
      }
      const spared = services === undefined ? undefined : [...services, ...others];
      const query = { marker: commandMarkers(marker), services: spared };
      const report = await endProcesses({ control, own, query, graceMs: 0 });
      return { ...report, killed: report.killed + killedByOthers };
    },
    close: async () => {
      if (closing.signal.aborted) return;
      closing.abort(cleanedUp(computerId));
      for (const each of controls.values()) each.close();
      lanes.close();
      for (const channel of lingering) channel.destroy();
      lingering.clear();
    },
  };
}

/** Marks what runs for the engine itself, so that it can be found when the harness has gone. */
function withMarker(transport: ShellTransport, marker: string): ShellTransport {
  return {
    ...transport,
    open: async (request, call) => {
      const environment = { [markerVariable]: marker, ...request.environment };
      return await transport.open({ ...request, environment }, call);
    },
  };
}

const defaultHeartbeatMs = 5000;
/** Milliseconds a look at all processes may take on a busy machine. */
const lookTimeoutMs = 10_000;

/** What the markers of all commands of an engine begin with. */
function commandMarkers(marker: string): string {
  return `${marker}.command-`;
}

function prepare(
  engine: EngineParts,
  { workingDirectory, environment }: ShellEngineOptions,
  marker: string,
  command: string,
  options: ShellCommandOptions,
): CommandRun {
  rejectNul(command, 'The command');
  const merged: Environment = { ...environment, ...givenVariables(options.env ?? {}) };
  const secrets = Object.values(merged).filter((value) => value instanceof Secret);
  const redactedCommand = new Redactor(secrets).redact(command);
  return {
    engine,
    command,
    options,
    redactedCommand,
    title: options.label ?? titleOf(redactedCommand),
    workingDirectory: posix.resolve(workingDirectory, options.cwd ?? ''),
    environment: revealEnvironment(merged),
    marker: `${commandMarkers(marker)}${randomBytes(16).toString('hex')}`,
  };
}

function titleOf(command: string): string {
  const [firstLine = ''] = command.trim().split('\n');
  return firstLine.length < command.trim().length || firstLine.length > 200
    ? `${firstLine.slice(0, 200)} ...`
    : firstLine;
}

function cleanedUp(computerId: string): ComputerLostError {
  return new ComputerLostError('The computer has been cleaned up.', { reason: 'cleaned_up', computerId });
}
