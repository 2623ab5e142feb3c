import type PQueue from 'p-queue';
import { gateOf } from '../../gate.js';
import { Computer } from '../computer.js';
import type { CommandResult, ComputerInterface, ShellCommandOptions } from '../computer-interface.js';
import { Deadline } from '../deadline.js';
import { defineComputer } from '../define-computer.js';
import { endedCommandError, nothingToKill } from '../ended-command.js';

export interface LimitOptions {
  /** Shared by all computers of a pool. */
  readonly commands: PQueue;
  /** This computer's. */
  readonly own: PQueue;
  /** Whether an image of this computer's files can be started wherever the next computer is. */
  readonly keepsSnapshots: boolean;
  /** Called once, when the computer has been given back, or could not be. */
  readonly onGone: () => void;
}

/**
 * The same computer with a ceiling on its commands. A command waits for its turn within its own time limit and signal, and
 * has what is left of the limit when it begins. Over several machines snapshots are left out: each would be on one of them.
 */
export function limitedComputer(
  limited: ComputerInterface,
  { commands, own: line, keepsSnapshots, onGone }: LimitOptions,
): ComputerInterface {
  // What ends a command must not wait in line behind it, so it is done on this side of the line.
  const killsItself = limited.capabilities?.killsProcessTree === true;
  const computer: ComputerInterface = killsItself ? limited : Computer.from(limited);
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
      return run({ ...options, timeoutMs: Math.max(0, timeoutMs - (performance.now() - askedAt)) });
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
    ...(keepsSnapshots && limited.snapshot && { snapshot: limited.snapshot.bind(limited) }),
    ...(limited.describe && { describe: limited.describe.bind(limited) }),
  });
}
