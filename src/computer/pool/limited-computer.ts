import type PQueue from 'p-queue';
import { gateOf } from '../../gate.js';
import type { EmitEvent } from '../../events/event.js';
import { createEventScope, type EventScope } from '../../events/event-scope.js';
import { Computer } from '../computer.js';
import type {
  CommandResult,
  ComputerInterface,
  ComputerSnapshot,
  ShellCommandOptions,
} from '../computer-interface.js';
import { Deadline } from '../deadline.js';
import { defineComputer } from '../define-computer.js';
import { endedCommandError, nothingToKill } from '../ended-command.js';

export interface LimitOptions {
  /** Shared by all computers of a pool. */
  readonly commands: PQueue;
  /** This computer's. */
  readonly own: PQueue;
  /** Called with each snapshot, which is on this computer's machine only. */
  readonly onSnapshot: (snapshot: ComputerSnapshot) => ComputerSnapshot;
  /** For `computer.degraded`. Whoever holds the computer sees its other events. */
  readonly emit: EmitEvent;
  /** Called once, when the computer has been given back, or could not be. */
  readonly onGone: () => void;
}

/**
 * The same computer with a ceiling on its commands. A command waits for its turn within its own time limit and signal, and
 * has what is left of the limit when it begins.
 */
export function limitedComputer(
  limited: ComputerInterface,
  { commands, own: line, onSnapshot, onGone, emit }: LimitOptions,
): ComputerInterface {
  // What ends a command, or finds it again, must not wait in line behind it, so it is done on this side of the line.
  const { killsProcessTree, survivesLostLinks } = limited.capabilities ?? {};
  const isWhole = killsProcessTree === true && survivesLostLinks === true;
  const computer: ComputerInterface = isWhole
    ? limited
    : Computer.from(limited, { events: degradedScope(emit) });
  const [own, shared] = [gateOf(line), gateOf(commands)];
  const inTurn = async (
    command: string,
    options: ShellCommandOptions | undefined,
    run: (options: ShellCommandOptions | undefined) => Promise<CommandResult>,
  ): Promise<CommandResult> => {
    const { signal, timeoutMs } = options ?? {};
    using deadline = new Deadline({ signal, timeoutMs });
    const askedAt = performance.now();
    const turn = { come: false };
    const begin = () => {
      turn.come = true;
      if (timeoutMs === undefined) return run(options);
      // Whole milliseconds: errors say how many there were.
      const leftMs = Math.max(0, Math.ceil(timeoutMs - (performance.now() - askedAt)));
      return run({ ...options, timeoutMs: leftMs });
    };
    try {
      return await own(() => shared(begin, deadline.signal), deadline.signal);
    } catch (error) {
      if (turn.come || deadline.cause === undefined) throw error;
      throw endedCommandError({
        computerId: computer.id ?? 'of a pool',
        command,
        cause: deadline.cause,
        timeoutMs,
        reason: deadline.reason,
        partial: { exitCode: null, stdout: '', stderr: '' },
        kill: nothingToKill,
      });
    }
  };
  const snapshot = limited.snapshot?.bind(limited);
  return defineComputer({
    id: computer.id,
    root: computer.root,
    capabilities: computer.capabilities,
    sendShellCommand: (command, options) =>
      inTurn(command, options, (inside) => computer.sendShellCommand(command, inside)),
    checkShellCommand: (command, options) =>
      inTurn(command, options, (inside) => computer.checkShellCommand(command, inside)),
    upload: (source, remotePath, options) => computer.upload(source, remotePath, options),
    download: (remotePath, options) => computer.download(remotePath, options),
    cleanup: async (options) => {
      try {
        await computer.cleanup(options);
      } finally {
        onGone();
      }
    },
    ...(limited.uploadTree && { uploadTree: limited.uploadTree.bind(limited) }),
    ...(limited.downloadTree && { downloadTree: limited.downloadTree.bind(limited) }),
    ...(limited.setNetworkPolicy && { setNetworkPolicy: limited.setNetworkPolicy.bind(limited) }),
    ...(computer.killAll && { killAll: computer.killAll.bind(computer) }),
    ...(snapshot !== undefined && { snapshot: async (options) => onSnapshot(await snapshot(options)) }),
    ...(limited.describe && { describe: limited.describe.bind(limited) }),
  });
}

function degradedScope(emit: EmitEvent): EventScope {
  return createEventScope((type, data) => {
    if (type === 'computer.degraded') emit(type, data);
  });
}
