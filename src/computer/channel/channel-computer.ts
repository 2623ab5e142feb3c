import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Environment } from '../../redaction.js';
import type { CallOptions, ComputerDescription, ComputerInterface } from '../computer-interface.js';
import { Deadline } from '../deadline.js';
import { defineComputer } from '../define-computer.js';
import { CleanupError, ComputerLostError, ComputerStartError } from '../errors.js';
import { isDurableByDefault } from '../shell/durable/durable-options.js';
import { createControlShell } from '../shell/control-shell.js';
import { endProcesses } from '../shell/end-processes.js';
import { createShellEngine } from '../shell/shell-engine.js';
import type { ShellTransport } from '../shell/shell-transport.js';
import type { Durability } from './durability.js';
import { downloadFile } from './download-file.js';
import { holdLease, type Lease } from './lease.js';
import { describeEntry, type EntryCommand, startEntry } from './entry-process.js';
import { endOf, type ScriptHost } from './remote-script.js';
import { runTransfer } from './run-transfer.js';
import { startEnded } from '../start-ended.js';
import { downloadTree, uploadTree } from './transfer-tree.js';
import { uploadFile } from './upload-file.js';

export interface ChannelComputerOptions {
  readonly id: string;
  readonly transport: ShellTransport;
  /** Absolute. Not made: an empty folder in place of a repository that is not there would tell of the wrong fault. */
  readonly workingDirectory: string;
  /** Of every command and of the entry command. */
  readonly environment: Environment;
  readonly entry?: EntryCommand | undefined;
  /** As in the shell engine. Default: `lane`; opening a channel is slow here. */
  readonly strategy?: CommandStrategy | undefined;
  /**
   * Gives back what carries the channels, once nothing of ours runs inside any more, or when that could not be brought
   * about: then the transport may be used again, for another try.
   */
  readonly release: (options: CallOptions) => Promise<void>;
  readonly durability?: Durability | undefined;
  /** Leaves the processes and files inside: whoever releases the machine removes it as a whole. Default: false. */
  readonly releaseEndsMachine?: boolean | undefined;
}

/** `lane`: shells that stay open take one command after another; `exec`: each command opens a channel of its own. */
export type CommandStrategy = 'lane' | 'exec';

/** Milliseconds for ending our processes and removing our files, when the caller of `cleanup` sets no limit. */
const tidyTimeoutMs = 30_000;
/** Milliseconds for the same after a start that failed or has run out of time: its caller waits. */
const startTidyTimeoutMs = 3000;
const describeTimeoutMs = 10_000;
const defaultLeaseMs = 120_000;

/**
 * A full computer over anything that can start a shell: commands through the shell engine, files and trees over
 * channels of their own. @throws ComputerStartError and what the transport throws; `release` has been called then.
 */
export async function startChannelComputer(
  options: ChannelComputerOptions,
  call: CallOptions = {},
): Promise<ComputerInterface> {
  const marker = randomBytes(16).toString('hex');
  const host: ScriptHost = {
    transport: options.transport,
    marker: `${marker}.transfer`,
    computerId: options.id,
  };
  // Not by the id alone: what a computer that was never cleaned up has left is not this one's.
  const folder = `/tmp/.swelancer-${options.id}-${marker.slice(0, 8)}`;
  let lease: Lease | undefined;
  let hasFolder = false;
  using deadline = new Deadline(call);
  try {
    const limits = { signal: deadline.signal };
    await makeFolder(host, folder, limits);
    hasFolder = true;
    const leaseMs = options.durability?.leaseMs ?? defaultLeaseMs;
    if (leaseMs > 0) {
      lease = await holdLease({ ...host, marker, folder, leaseMs }, limits);
    }
    if (options.entry !== undefined) {
      await startEntry({ ...host, marker: `${marker}.entry` }, options.entry, { ...options, folder }, limits);
    }
    return createComputer(options, host, marker, folder, lease);
  } catch (error) {
    await lease?.close();
    // An entry command that runs on would be taken for the next computer's.
    if (hasFolder && options.releaseEndsMachine !== true) {
      await tidy(host, marker, folder, { timeoutMs: startTidyTimeoutMs });
    }
    await options.release({}).catch(() => undefined);
    throw startEnded(deadline, `The start of computer ${options.id}`, call) ?? error;
  }
}

function createComputer(
  options: ChannelComputerOptions,
  host: ScriptHost,
  marker: string,
  folder: string,
  lease: Lease | undefined,
): ComputerInterface {
  const { id, transport } = options;
  const closing = new AbortController();
  // Every transfer listens.
  setMaxListeners(0, closing.signal);
  const describe = async (call: CallOptions = {}): Promise<ComputerDescription> => {
    if (closing.signal.aborted) return { state: 'ended' };
    const limits = { ...call, timeoutMs: call.timeoutMs ?? describeTimeoutMs };
    return await describeEntry(host, folder, limits).catch(() => ({ state: 'unknown' as const }));
  };
  const engine = createShellEngine({
    transport,
    workingDirectory: options.workingDirectory,
    environment: options.environment,
    computerId: id,
    marker,
    strategy: options.strategy ?? 'lane',
    durable: {
      folder,
      isDefault: isDurableByDefault,
      ...options.durability,
    },
    onDegraded: options.durability?.onDegraded,
    describe,
  });
  void engine.prepare();
  let cleaning: Promise<void> | undefined;
  /** A transfer ends with the computer. */
  const within = async <T>(call: CallOptions, work: (call: CallOptions) => Promise<T>): Promise<T> => {
    closing.signal.throwIfAborted();
    lease?.check();
    using deadline = new Deadline({ signal: call.signal }, closing.signal);
    return await work({ ...call, signal: deadline.signal });
  };
  const cleanup = async (call: CallOptions): Promise<void> => {
    closing.abort(
      new ComputerLostError('The computer has been cleaned up.', { reason: 'cleaned_up', computerId: id }),
    );
    await engine.close();
    await lease?.close();
    const left = options.releaseEndsMachine === true ? undefined : await tidy(host, marker, folder, call);
    await options.release(call);
    if (left !== undefined) throw new CleanupError(left, { computerId: id });
  };
  return defineComputer({
    id,
    capabilities: {
      killsProcessTree: true,
      streamsOutput: true,
      switchesUser: true,
      choosesShell: true,
      survivesLostLinks: true,
      boundsOutput: true,
    },
    sendShellCommand: async (...parameters) => {
      lease?.check();
      return await engine.sendShellCommand(...parameters);
    },
    killAll: async (call) => engine.killAll(call),
    describe,
    upload: async (source, path, call = {}) =>
      within(call, async (limits) => uploadFile(host, source, path, { ...call, ...limits })),
    download: async (path, call = {}) =>
      within(call, async (limits) => downloadFile(host, path, { ...call, ...limits })),
    uploadTree: async (archive, directory, call = {}) =>
      within(call, async (limits) => uploadTree(host, archive, directory, limits)),
    downloadTree: async function* (directory, call = {}) {
      closing.signal.throwIfAborted();
      lease?.check();
      using deadline = new Deadline({ signal: call.signal }, closing.signal);
      yield* downloadTree(host, directory, { ...call, signal: deadline.signal });
    },
    cleanup: async (call = {}) => {
      cleaning ??= cleanup(call).catch((error: unknown) => {
        // The machine may be there again when somebody tries once more.
        cleaning = undefined;
        throw error;
      });
      await cleaning;
    },
  });
}

async function makeFolder(host: ScriptHost, folder: string, call: CallOptions): Promise<void> {
  const script = { text: 'umask 077 && mkdir -p -- "$folder"', environment: { folder } };
  const end = await runTransfer(host, 'The start of the computer', call, () => script, endOf);
  if (end.exitCode === 0) return;
  throw new ComputerStartError(`Computer ${host.computerId} has no place for its files: ${end.message}.`, {
    reason: 'other',
    computerId: host.computerId,
  });
}

/** Ends what runs inside and removes our files. Never rejects; says what is left. */
async function tidy(
  host: ScriptHost,
  marker: string,
  folder: string,
  { signal, timeoutMs = tidyTimeoutMs }: CallOptions,
): Promise<string | undefined> {
  using deadline = new Deadline({ signal, timeoutMs });
  const control = createControlShell(host.transport, host.computerId);
  const mark = `SWELANCER_COMMAND=${marker} in their environment`;
  try {
    const kill = endProcesses({ control, query: { marker: `${marker}.` }, graceMs: 0 });
    const report = await deadline.race(kill, 'Ending the processes of the computer', 0);
    if (report.survivors !== 0 && report.outcome !== 'unsupported') {
      const count = report.survivors ?? 'An unknown number of';
      return `${count} processes on computer ${host.computerId} may still run; look for ${mark}.`;
    }
    const remove = { text: 'rm -rf -- "$folder" "$folder"+*', environment: { folder } };
    await runTransfer(
      { ...host, isVital: true },
      'Removing the files',
      { signal: deadline.signal },
      () => remove,
      endOf,
    );
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `Computer ${host.computerId} could not be tidied up: ${why} Its folder is ${folder}; its processes have ${mark}.`;
  } finally {
    control.close();
  }
}
