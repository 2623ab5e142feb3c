import { type EventScope, silentScope } from '../events/event-scope.js';
import { Redactor } from '../redaction.js';
import { extractTree } from './archive/extract-tree.js';
import type { TreeLimits } from './archive/tree-limits.js';
import { checkedCommand } from './checked-command.js';
import type { CompletedCommand } from './completed-command.js';
import { attempt, ComputerCore, type ComputerView } from './computer-core.js';
import type {
  CallOptions,
  ComputerCapabilities,
  ComputerDescription,
  ComputerInterface,
  ComputerSnapshot,
  DownloadOptions,
  KillReport,
  NetworkOptions,
  ShellCommandOptions,
  UploadOptions,
  UploadSource,
} from './computer-interface.js';
import { killByShell } from './kill-by-shell.js';
import type { NetworkPolicy, NetworkReport } from './network-policy.js';
import { runCommand } from './run-command.js';
import { setNetworkPolicy } from './set-network-policy.js';
import { takeSnapshot } from './take-snapshot.js';
import { downloadFile, uploadFile } from './transfer-file.js';
import { downloadTree, type TreeSource, uploadTree } from './transfer-tree.js';

export interface FacadeOptions {
  /** Where the computer's events go. Default: nowhere. */
  readonly events?: EventScope | undefined;
  /** Knows the secrets to keep out of events and errors. Default: one of its own, which learns `Secret` values of `env`. */
  readonly redactor?: Redactor | undefined;
  /** `false` for somebody else's computer: `cleanup()` does nothing then. Default: true. */
  readonly owned?: boolean | undefined;
}

/** Milliseconds that `describe` waits for an answer when the caller sets no limit. */
const describeTimeoutMs = 10_000;
/** Milliseconds that `await using` waits for the cleanup. */
const disposeTimeoutMs = 120_000;

/**
 * What agents, scorers and tools work with: any `ComputerInterface` with events, deadlines that end the whole process
 * tree, bounded output, redaction of secrets, trees, and `await using`. What the implementation does natively is used.
 * Paths are absolute on the computer. After the cleanup every call throws `ComputerLostError`.
 */
export class Computer implements ComputerInterface, AsyncDisposable {
  readonly #view: ComputerView;

  private constructor(view: ComputerView) {
    this.#view = view;
  }

  static from(implementation: ComputerInterface, options: FacadeOptions = {}): Computer {
    const core = new ComputerCore(implementation, options.redactor ?? new Redactor());
    const scope = (options.events ?? silentScope).within({ computerId: core.id });
    return new Computer({ core, scope, owned: options.owned ?? true, agent: false, until: [] });
  }

  get id(): string {
    return this.#view.core.id;
  }

  /** The directory that stands for `/` in the benchmark's layout; `''` where that is `/` itself. */
  get root(): string {
    return this.#view.core.root;
  }

  /**
   * What this facade gives. `killsProcessTree` means that it is tried and its outcome reported, `survivesLostLinks` that
   * `computer.degraded` tells where it cannot be done.
   */
  get capabilities(): ComputerCapabilities {
    return {
      ...this.#view.core.capabilities,
      killsProcessTree: true,
      choosesShell: true,
      survivesLostLinks: true,
      boundsOutput: true,
    };
  }

  /**
   * Runs a command in a fresh `sh`, or in `options.shell`; resolves when it has ended, whatever its exit code.
   * @throws CommandTimeoutError, CommandAbortedError (after the kill is settled), CommandSpawnError, ComputerLostError,
   * UnsupportedOptionError
   */
  async sendShellCommand(command: string, options: ShellCommandOptions = {}): Promise<CompletedCommand> {
    return runCommand(this.#view, command, options);
  }

  /** As `sendShellCommand`. @throws CommandFailedError unless the exit code is 0 */
  async checkShellCommand(command: string, options: ShellCommandOptions = {}): Promise<CompletedCommand> {
    return checkedCommand(this.#view, command, options);
  }

  /** Writes one file. @throws RemoteFileError, CallTimeoutError, CallAbortedError, ComputerLostError */
  async upload(source: UploadSource, remotePath: string, options: UploadOptions = {}): Promise<void> {
    await uploadFile(this.#view, source, remotePath, options);
  }

  /** Reads one file. @throws RemoteFileError, CallTimeoutError, CallAbortedError, ComputerLostError */
  async download(remotePath: string, options: DownloadOptions = {}): Promise<Uint8Array> {
    return downloadFile(this.#view, remotePath, options);
  }

  /**
   * Writes the contents of a local folder, or a tar stream, into a directory. What is there already stays. A stream may
   * come from an untrusted place: one that reaches out of the directory, or brings devices, pipes or more than the limits,
   * is refused. What came before that in the stream may be there. @throws RemoteFileError
   */
  async uploadTree(
    source: TreeSource,
    remoteDirectory: string,
    options: CallOptions & TreeLimits = {},
  ): Promise<void> {
    await uploadTree(this.#view, source, remoteDirectory, options);
  }

  /** The contents of a directory as a tar stream. It comes from the computer: unpack it with `extractTree` only. */
  downloadTree(remoteDirectory: string, options: CallOptions = {}): AsyncIterable<Uint8Array> {
    return downloadTree(this.#view, remoteDirectory, options);
  }

  /** The contents of a directory as a local one. A hostile archive is refused and leaves nothing behind. */
  async downloadTreeTo(
    remoteDirectory: string,
    localDirectory: string,
    options: CallOptions & TreeLimits = {},
  ): Promise<void> {
    const archive = downloadTree(this.#view, remoteDirectory, { ...options, reusesMemory: true });
    await extractTree(archive, localDirectory, options);
  }

  /**
   * Ends every process but the computer's own services. Without an implementation of its own, that means every process
   * that a command of this facade started.
   */
  async killAll(options: CallOptions = {}): Promise<KillReport> {
    const { core } = this.#view;
    const { implementation } = core;
    return core.call(this.#view, 'Ending all processes', options, async (limits) =>
      implementation.killAll === undefined
        ? killByShell({
            marker: `${core.markerPrefix}.command-`,
            graceMs: 0,
            returned: Promise.resolve(),
            run: (script, scriptLimits) =>
              attempt(() =>
                implementation.sendShellCommand(script, { signal: limits.signal, ...scriptLimits }),
              ),
          })
        : implementation.killAll(limits),
    );
  }

  /** Whether the implementation can change what the computer reaches. */
  get canSetNetworkPolicy(): boolean {
    return this.#view.core.implementation.setNetworkPolicy !== undefined && !this.#view.agent;
  }

  /**
   * Changes what the computer can reach, with the proof that it holds. An agent's view refuses.
   * @throws NetworkPolicyError when it does not hold, UnsupportedOptionError where it cannot be done
   */
  async setNetworkPolicy(policy: NetworkPolicy, options: NetworkOptions = {}): Promise<NetworkReport> {
    return setNetworkPolicy(this.#view, policy, options);
  }

  /** Upstream's name for `setNetworkPolicy('cut')`. */
  async disableInternet(options: NetworkOptions = {}): Promise<NetworkReport> {
    return this.setNetworkPolicy('cut', options);
  }

  /** Whether the implementation can make an image of the computer's files. */
  get canSnapshot(): boolean {
    return this.#view.core.implementation.snapshot !== undefined && !this.#view.agent;
  }

  /**
   * The computer's files as an image for others to start from; remove it when it is not needed any more. An agent's view
   * refuses. @throws UnsupportedOptionError where it cannot be done
   */
  async snapshot(options: CallOptions = {}): Promise<ComputerSnapshot> {
    return takeSnapshot(this.#view, options);
  }

  /** What became of the machine. Never throws. */
  async describe(options: CallOptions = {}): Promise<ComputerDescription> {
    const { core } = this.#view;
    try {
      return await core.call(
        this.#view,
        'Describing',
        { timeoutMs: describeTimeoutMs, ...options },
        async (limits) =>
          core.implementation.describe === undefined
            ? { state: 'unknown' }
            : core.implementation.describe(limits),
      );
    } catch {
      return { state: 'unknown' };
    }
  }

  /** Gives the computer back, once. Does nothing where it is not ours to give back. @throws CleanupError */
  async cleanup(options: CallOptions = {}): Promise<void> {
    const { core, scope, owned } = this.#view;
    if (owned) await core.cleanup(scope, options);
  }

  /** The same computer with its events in another scope, such as the next phase's. */
  within(events: EventScope): Computer {
    return new Computer({ ...this.#view, scope: events.within({ computerId: this.id }) });
  }

  /**
   * A view for an agent: `cleanup()` does nothing. When `until` fires, what was started through the view is ended and
   * further calls are refused, so that an agent that does not stop has no hands any more.
   */
  forAgent({ until }: { readonly until?: AbortSignal | undefined } = {}): Computer {
    return new Computer({
      ...this.#view,
      owned: false,
      agent: true,
      until: until === undefined ? this.#view.until : [...this.#view.until, until],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cleanup({ timeoutMs: disposeTimeoutMs });
  }
}
