import type { EmitEvent } from '../events/event.js';
import type { Gate } from '../gate.js';
import type { Environment } from '../redaction.js';
import type { NetworkPolicy, NetworkReport } from './network-policy.js';

/**
 * What an in-house compute backend implements: the five methods of the benchmark's own documentation.
 * `defineComputer` derives `checkShellCommand` for you, and `Computer.from` adds events, deadlines, kill and bounds.
 */
export interface ComputerInterface {
  /**
   * Runs `command` in a fresh `sh`, or in `options.shell`, and resolves when it has ended, whatever its exit code.
   * Working directory and environment default to the computer's own.
   * @throws ComputerLostError when the machine or the link to it is gone.
   */
  sendShellCommand(command: string, options?: ShellCommandOptions): Promise<CommandResult>;
  /** As `sendShellCommand`, but throws `CommandFailedError` unless the exit code is 0. */
  checkShellCommand(command: string, options?: ShellCommandOptions): Promise<CommandResult>;
  /**
   * Writes one file. Parent folders are created; a failed upload leaves an existing target as it was. A symbolic link at
   * the path is replaced, and what it leads to stays as it was; one that leads to a folder is that folder, and refused.
   */
  upload(source: UploadSource, remotePath: string, options?: UploadOptions): Promise<void>;
  /** Reads one file, following symbolic links. @throws RemoteFileError */
  download(remotePath: string, options?: DownloadOptions): Promise<Uint8Array>;
  /** Gives everything back. Idempotent; afterwards every other call fails. */
  cleanup(options?: CallOptions): Promise<void>;

  /** Names the computer in events and errors. Default: a fresh id. */
  readonly id?: string | undefined;
  /** The directory that stands for `/` in the benchmark's layout. Default: `''`, so that `/app/tests` is meant literally. */
  readonly root?: string | undefined;
  /** What the implementation does itself. What it leaves out, the facade adds or reports as missing. */
  readonly capabilities?: Partial<ComputerCapabilities> | undefined;
  /**
   * For an implementation whose links break and that does not declare `survivesLostLinks`: commands with a `timeoutMs` of
   * more than a minute are durable by default then. `{}` is enough. Default: only commands with `durable: true` are, and
   * grading's test rounds.
   */
  readonly durability?: CommandDurability | undefined;
  /** Uploads a tree from a tar stream. Without it the facade sends the archive as one file and unpacks it there. */
  uploadTree?(
    archive: AsyncIterable<Uint8Array>,
    remoteDirectory: string,
    options?: CallOptions,
  ): Promise<void>;
  /** A tree as a tar stream whose entries are relative to `remoteDirectory`. */
  downloadTree?(remoteDirectory: string, options?: DownloadTreeOptions): AsyncIterable<Uint8Array>;
  /**
   * Changes what the computer can reach, and proves that it holds.
   * @throws NetworkPolicyError when it does not, UnsupportedOptionError where it cannot be done
   */
  setNetworkPolicy?(policy: NetworkPolicy, options?: NetworkOptions): Promise<NetworkReport>;
  /**
   * The computer's files as an image for `ComputerRequest.image` of the same runtime. Processes, memory file systems and
   * the network are not in it. Files are as of one moment; commands under way go on afterwards.
   */
  snapshot?(options?: CallOptions): Promise<ComputerSnapshot>;
  /** Ends every process but the computer's own services. */
  killAll?(options?: CallOptions): Promise<KillReport>;
  /** What became of the machine, for error messages: state, last log lines. Must not throw. */
  describe?(options?: CallOptions): Promise<ComputerDescription>;
}

/** What an implementation does by itself, natively. Everything defaults to false. */
export interface ComputerCapabilities {
  /** A deadline or an abort ends the whole process tree of the command before the call rejects. */
  readonly killsProcessTree: boolean;
  /** `onOutput` is called while the command runs. */
  readonly streamsOutput: boolean;
  /** `options.user` is honoured. */
  readonly switchesUser: boolean;
  /** `options.shell` is honoured. Where it is not, the facade has the computer's `sh` start the other shell. */
  readonly choosesShell: boolean;
  /**
   * `options.durable` is honoured, or no link to the computer can break without it. Where not, the facade does it for a
   * computer that declares `streamsOutput` or has `durability`.
   */
  readonly survivesLostLinks: boolean;
  /** Output beyond the capture bounds is cut (and counted) instead of held in memory. */
  readonly boundsOutput: boolean;
}

/** How the facade keeps durable commands on a computer that does not do it itself. */
export interface CommandDurability {
  /** Milliseconds to find a command again after its link was lost. Default: 60,000. */
  readonly reattachTimeoutMs?: number | undefined;
  /**
   * Bytes of each stream kept inside until they have arrived here; then the command waits, as at a full pipe. Default:
   * 64 MiB; 1 GiB without `streamsOutput`, where nothing is known to have arrived before the end. At least 256 KiB.
   */
  readonly spoolBytes?: number | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds. Default: none; the phases of a task set their own. */
  readonly timeoutMs?: number | undefined;
}

export interface DownloadTreeOptions extends CallOptions {
  /**
   * Whether the pieces may share memory: each may be overwritten when the second one after it is asked for. Set by readers
   * that are done with it by then. An implementation need not make use of it. Default: false, every piece is the reader's.
   */
  readonly reusesMemory?: boolean | undefined;
}

export interface NetworkOptions extends CallOptions {
  /**
   * Host names or IPv4 addresses that `cut` leaves reachable, on every port, such as a model's endpoint. Names are
   * resolved here, once, and written to the computer's hosts file. Nothing else of the network is.
   */
  readonly allow?: readonly string[] | undefined;
}

/** A string is a path on this machine. */
export type UploadSource = string | URL | Uint8Array | AsyncIterable<Uint8Array>;

export interface UploadOptions extends CallOptions {
  /** Permission bits, 0 to 0o7777, such as `0o755`. Default: the local file's own, else `0o644`. */
  readonly mode?: number | undefined;
}

export interface DownloadOptions extends CallOptions {
  /** Bytes. A larger file is refused. Default: 100 MiB. */
  readonly maxBytes?: number | undefined;
}

export interface ShellCommandOptions extends CallOptions {
  /** Absolute. Default: the computer's working directory. */
  readonly cwd?: string | undefined;
  /** Added to the computer's own environment. A variable that is undefined is not given. */
  readonly env?: Environment | undefined;
  /** Default: the computer's own, root in the benchmark's images. */
  readonly user?: string | undefined;
  /** What reads the command. Default: `sh`. @throws CommandSpawnError with reason `shell` where it is not there */
  readonly shell?: CommandShell | undefined;
  /** Default: closed, so that a program that asks a question ends instead of hanging. */
  readonly stdin?: string | Uint8Array | AsyncIterable<Uint8Array> | undefined;
  /** Milliseconds from TERM to KILL when the command is ended. Default: 5000. */
  readonly killGraceMs?: number | undefined;
  readonly output?: OutputOptions | undefined;
  /** Called with each piece of output as it arrives, where the implementation streams. */
  readonly onOutput?: ((chunk: OutputChunk) => void) | undefined;
  /**
   * Called with what processes that the command left behind still print after its end, where the implementation can tell
   * whose output it is. Never mixed into another command's. Not called for a durable command that is kept inside: only
   * what comes up to its end is collected.
   */
  readonly onLateOutput?: ((chunk: OutputChunk) => void) | undefined;
  /** A name for events and errors in place of the command's text. */
  readonly label?: string | undefined;
  /**
   * Keeps output and exit code inside until they have been collected, so that the command and its result survive a lost
   * link. Default: where `timeoutMs` is more than a minute, over SSH, a command prefix, and on computers with `durability`.
   * Where no link can break without the computer (Docker, local) it means nothing. The facade does it for a computer that
   * does not declare `survivesLostLinks` and does declare `streamsOutput` or `durability`; where that has not got what it
   * takes, it runs an ordinary command, told once by `computer.degraded`.
   */
  readonly durable?: boolean | undefined;
  /** Called each time a durable command has been found again after its link was lost. */
  readonly onReattach?: ((reattachment: Reattachment) => void) | undefined;
}

/**
 * `sh`: whatever the computer has under that name. `bash`: Bash, with no start-up files. `login`: Bash as a login shell,
 * which reads `/etc/profile` and then `~/.bash_profile` or `~/.profile`: for tools that are on the PATH of people who log
 * in only. These files come after `cwd` and `env`, and may change both.
 */
export type CommandShell = 'sh' | 'bash' | 'login';

export interface Reattachment {
  /** Milliseconds from the loss until the link was there again. */
  readonly lostMs: number;
}

export interface OutputOptions {
  /** Bytes kept from the start of each stream. Default: 256 KiB. */
  readonly headBytes?: number | undefined;
  /** Bytes kept from the end of each stream. Default: 256 KiB. */
  readonly tailBytes?: number | undefined;
  /** A local folder that gets the complete streams as `stdout` and `stderr`. */
  readonly spillDirectory?: string | undefined;
}

export type OutputStream = 'stdout' | 'stderr';

export interface OutputChunk {
  readonly stream: OutputStream;
  readonly bytes: Uint8Array;
}

/** How a command ended. The first three fields are enough; the facade fills in the rest. */
export interface CommandResult {
  /** `null` where it is not known. 128 + n by shell convention after signal n. */
  readonly exitCode: number | null;
  /** Text view of the captured bytes; broken UTF-8 becomes U+FFFD, a cut is marked by a line that counts what is left out. */
  readonly stdout: string;
  readonly stderr: string;
  /** The bytes behind the text, where the implementation keeps them. */
  readonly captured?: { readonly stdout: CapturedOutput; readonly stderr: CapturedOutput } | undefined;
  readonly durationMs?: number | undefined;
  /** The kernel ended a process of this command for want of memory. Docker's computers look after commands that failed only. */
  readonly outOfMemory?: boolean | undefined;
  /** Processes the command left running, `null` where nobody looked. */
  readonly leftoverProcesses?: number | null | undefined;
}

export interface CapturedOutput {
  readonly totalBytes: number;
  /** Bytes between head and tail that were not kept. */
  readonly omittedBytes: number;
  readonly head: Uint8Array;
  /** Empty where the head holds everything. */
  readonly tail: Uint8Array;
  /** The local file with the complete stream, where one was asked for. */
  readonly spillPath?: string | undefined;
  /** Why that file is not complete, where it is not. */
  readonly spillError?: string | undefined;
}

/** A computer's files, for others to start from. Whoever takes it removes it. */
export interface ComputerSnapshot extends AsyncDisposable {
  /** For `ComputerRequest.image`. */
  readonly image: string;
  /** Idempotent. Computers that were started from it go on. */
  remove(): Promise<void>;
}

export interface KillReport {
  /** `confirmed`: a look afterwards found none left. `unsupported`: the implementation could not look. */
  readonly outcome: 'confirmed' | 'unconfirmed' | 'unsupported';
  readonly killed: number;
  readonly survivors: number | null;
}

export interface ComputerDescription {
  readonly state: 'running' | 'ended' | 'unknown';
  readonly exitCode?: number | null | undefined;
  readonly outOfMemory?: boolean | undefined;
  /** The last lines the machine's own services wrote. */
  readonly lastLogLines?: readonly string[] | undefined;
  readonly image?: string | undefined;
}

/** Who makes computers. Upstream's documentation calls this the start function of the solver. */
export interface ComputerRuntime {
  readonly name: string;
  /** The runtime around which this one is, where the snapshots of one are the other's. */
  readonly inner?: ComputerRuntime | undefined;
  /** @throws ComputerStartError, ImagePullError, UnsupportedOptionError; nothing is left behind then. */
  start(request: ComputerRequest, options: StartOptions): Promise<ComputerInterface>;
  /** Brings an image near, ahead of the start that needs it. @throws ImagePullError */
  prefetchImage?(image: string, options: StartOptions): Promise<void>;
  /**
   * Removes an image that this runtime fetched and no computer uses, where less than `belowFreeBytes` of disk are free.
   * Images that were there before stay.
   */
  evictImage?(image: string, options: EvictOptions): Promise<ImageEviction>;
}

export interface EvictOptions extends CallOptions {
  readonly belowFreeBytes: number;
  /** What runtimes of earlier processes told by `onFetched`. It may go as what this one fetched, where it is still the same copy. */
  readonly fetchedBefore?: readonly FetchedImage[] | undefined;
}

/** An image that a runtime has fetched, to be remembered beyond its process. Plain JSON. */
export interface FetchedImage {
  readonly image: string;
  /** The engine that has it: no other has this name, and it keeps it over restarts. */
  readonly engine: string;
  /** Tells this copy from one that somebody else brings there later. */
  readonly copy: string;
}

/** What became of an image that may go. Both may be true where there are several machines. */
export interface ImageEviction {
  /** Whether it went. */
  readonly removed: boolean;
  /** Whether it is worth asking again: it would go, but is in use, or there is room enough. */
  readonly mayGoLater: boolean;
}

export interface StartOptions extends CallOptions {
  /** For `computer.*` and `image.*` events while there is no computer yet. */
  readonly emit: EmitEvent;
  /** Goes around each fetch of an image, where a run bounds them. What waits in it does so within its time limit. */
  readonly pullGate?: Gate | undefined;
  /**
   * Called with an image that was not there and has been fetched: each time it is, once for each who waited for it. Not
   * called where the engine does not tell what a later process could know the image by.
   */
  readonly onFetched?: ((fetched: FetchedImage) => void) | undefined;
}

/** The computer that is wanted. A runtime applies each field or rejects it with `UnsupportedOptionError`. */
export interface ComputerRequest {
  readonly purpose: 'agent' | 'grading' | 'user-tool';
  /** Image reference. A runtime that has no images ignores it. */
  readonly image: string;
  readonly environment: Environment;
  /** Absolute, in the benchmark's layout. Commands start there. */
  readonly workingDirectory: string;
  readonly resources?: ResourceLimits | undefined;
  /** Put on whatever the runtime creates, beside its own. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

export interface ResourceLimits {
  /** Cores, fractions allowed. */
  readonly cpus?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly processes?: number | undefined;
  /** `/dev/shm`; Chromium's tabs crash on the usual 64 MiB. */
  readonly sharedMemoryBytes?: number | undefined;
}
