import type {
  CallOptions,
  CommandResult,
  ComputerDescription,
  ComputerInterface,
  ComputerRequest,
  ComputerSnapshot,
  NetworkOptions,
  ShellCommandOptions,
} from '../computer-interface.js';
import { defineComputer } from '../define-computer.js';
import { createShellEngine } from '../shell/shell-engine.js';
import type { DockerContainer } from './docker-container.js';
import { createDockerTransport } from './docker-transport.js';
import { callEngineTwice } from './engine-call.js';
import { downloadFile, mayWriteCommand, type RunInside, uploadFile, type WriterOf } from './file-transfer.js';
import { countMemoryKills } from './memory-kills.js';
import type { NetworkPolicy, NetworkReport } from '../network-policy.js';
import type { NetworkControl } from './network-policy.js';
import type { SnapshotStore } from './snapshot.js';
import { downloadTree, uploadTree } from './tree-transfer.js';

/** What a Docker computer can do beyond the five methods. */
export interface DockerComputer extends ComputerInterface {
  /** @throws NetworkPolicyError when it does not hold afterwards, UnsupportedOptionError where it cannot be done */
  setNetworkPolicy(policy: NetworkPolicy, options?: NetworkOptions): Promise<NetworkReport>;
  /** Its file system as an image for `ComputerRequest.image`. Whoever takes it removes it. */
  snapshot(options?: CallOptions): Promise<ComputerSnapshot>;
}

export interface DockerComputerOptions {
  readonly container: DockerContainer;
  readonly request: ComputerRequest;
  readonly network: NetworkControl;
  readonly snapshots: SnapshotStore;
  readonly strategy: 'lane' | 'exec';
  readonly onDegraded: (reason: string) => void;
  /** Gives container and network back. Called once at a time. */
  readonly remove: (timeoutMs: number | undefined) => Promise<void>;
}

const killedExitCode = 137;

/**
 * The five methods, and what else Docker does natively, over a container that has just started: what runs in it now, and
 * whatever that starts, is spared by `killAll`.
 */
export async function createDockerComputer({
  container,
  request,
  network,
  snapshots,
  strategy,
  onDegraded,
  remove,
}: DockerComputerOptions): Promise<DockerComputer> {
  const transport = createDockerTransport(container);
  const engine = createShellEngine({
    transport,
    // Commands may run as any user, and only root can end them all.
    ...(container.runsAsRoot
      ? { killTransport: { open: async (channel, call) => transport.open({ ...channel, user: '0' }, call) } }
      : { killsByUser: true }),
    strategy,
    onDegraded,
    workingDirectory: request.workingDirectory,
    // The container has its environment already, and so has every exec.
    environment: {},
    computerId: container.name,
    describe: async () => await describe(),
  });
  await engine.noteServices();
  let memoryKills = 0;
  let removal: Promise<void> | undefined;

  const sendShellCommand = async (command: string, options?: ShellCommandOptions): Promise<CommandResult> => {
    const before = Math.max(memoryKills, container.watch.memoryKills);
    const result = await engine.sendShellCommand(command, options);
    if (result.exitCode === 0) return { ...result, outOfMemory: false };
    const count = result.exitCode === killedExitCode ? await countMemoryKills(container) : undefined;
    memoryKills = Math.max(memoryKills, count ?? container.watch.memoryKills);
    return { ...result, outOfMemory: memoryKills > before };
  };
  const run: RunInside = async (command, options) =>
    await engine.sendShellCommand(command, {
      cwd: '/',
      ...(container.runsAsRoot ? {} : { user: '0' }),
      ...options,
    });
  /** Whoever may write to a place: the container's user before root, so that what is uploaded is that user's. */
  const writerOf: WriterOf = async ({ directory, file }, call) => {
    if (container.runsAsRoot) return { run, isRoot: true };
    const asUser: RunInside = async (command, options) =>
      engine.sendShellCommand(command, { cwd: '/', ...options });
    const { exitCode } = await asUser(mayWriteCommand(directory, file), call);
    return exitCode === 0 ? { run: asUser, isRoot: false } : { run, isRoot: true };
  };

  const describe = async (): Promise<ComputerDescription> => {
    const lastLogLines = container.log.lastLines;
    const facts = { lastLogLines, image: request.image };
    const { end } = container.watch;
    if (end !== undefined && end.reason !== 'connection') {
      return {
        ...facts,
        state: 'ended',
        exitCode: end.exitCode,
        outOfMemory: end.reason === 'out_of_memory',
      };
    }
    try {
      const { State: state } = await callEngineTwice(
        (abortSignal) => container.docker.getContainer(container.id).inspect({ abortSignal }),
        { timeoutMs: 10_000 },
      );
      if (state.Running) return { ...facts, state: 'running', outOfMemory: state.OOMKilled };
      return { ...facts, state: 'ended', exitCode: state.ExitCode, outOfMemory: state.OOMKilled };
    } catch {
      return { ...facts, state: 'unknown' };
    }
  };

  const computer = defineComputer({
    id: container.name,
    root: '',
    capabilities: {
      killsProcessTree: true,
      streamsOutput: true,
      switchesUser: true,
      choosesShell: true,
      survivesLostLinks: container.isLocal,
      boundsOutput: true,
    },
    // Long commands outlast a link to another machine.
    ...(!container.isLocal && { durability: {} }),
    sendShellCommand,
    upload: async (source, path, options = {}) =>
      await uploadFile(container, writerOf, source, path, options),
    download: async (path, options = {}) => await downloadFile(container, run, path, options),
    uploadTree: async (archive, directory, options = {}) =>
      await uploadTree(container, writerOf, archive, directory, options),
    downloadTree: (directory, options = {}) => downloadTree(container, run, directory, options),
    killAll: async (options) => await engine.killAll(options),
    describe,
    cleanup: async (options = {}) => {
      removal ??= (async () => {
        await engine.close();
        await network.close();
        container.watch.close();
        container.log.close();
        await remove(options.timeoutMs);
      })();
      try {
        await removal;
      } catch (error) {
        // So that it can be tried again.
        removal = undefined;
        throw error;
      }
    },
  });
  return {
    ...computer,
    setNetworkPolicy: async (policy, options) => await network.set(policy, options),
    snapshot: async (options) => await snapshots.take(container, request.environment, options),
  };
}
