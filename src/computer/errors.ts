import { SweLancerError, type SweLancerErrorOptions } from '../errors.js';
import type { CommandResult, KillReport } from './computer-interface.js';

interface CommandErrorOptions extends SweLancerErrorOptions {
  /** Redacted. */
  readonly command: string;
}

/** `checkShellCommand` met an exit code other than 0, or none at all. */
export class CommandFailedError extends SweLancerError {
  readonly code = 'command_failed';
  readonly command: string;
  readonly result: CommandResult;

  constructor(message: string, options: CommandErrorOptions & { result: CommandResult }) {
    super(message, options);
    this.command = options.command;
    this.result = options.result;
  }

  protected override details() {
    const { exitCode, stdout, stderr } = this.result;
    return { command: this.command, exitCode, stdout: lastLines(stdout), stderr: lastLines(stderr) };
  }
}

interface EndedCommandOptions extends CommandErrorOptions {
  readonly partial: CommandResult;
  readonly kill: KillReport;
}

abstract class CommandEndedError extends SweLancerError {
  readonly command: string;
  /** What the command had written until it was ended. */
  readonly partial: CommandResult;
  readonly kill: KillReport;

  constructor(message: string, options: EndedCommandOptions) {
    super(message, options);
    this.command = options.command;
    this.partial = options.partial;
    this.kill = options.kill;
  }

  protected override details() {
    const { stdout, stderr } = this.partial;
    return { command: this.command, kill: this.kill, stdout: lastLines(stdout), stderr: lastLines(stderr) };
  }
}

/** A command passed its deadline and was ended. Thrown after the kill is settled. */
export class CommandTimeoutError extends CommandEndedError {
  readonly code = 'command_timeout';
}

/** The caller's signal fired. `name` is `AbortError` and `cause` the signal's reason, as elsewhere in Node. */
export class CommandAbortedError extends CommandEndedError {
  readonly code = 'aborted';

  constructor(message: string, options: EndedCommandOptions) {
    super(message, options);
    this.name = 'AbortError';
  }
}

/** A call other than a command, such as an upload, passed its deadline. */
export class CallTimeoutError extends SweLancerError {
  readonly code = 'timeout';
}

/** The caller's signal ended a call other than a command. `name` is `AbortError` and `cause` the signal's reason. */
export class CallAbortedError extends SweLancerError {
  readonly code = 'aborted';

  constructor(message: string, options: SweLancerErrorOptions = {}) {
    super(message, options);
    this.name = 'AbortError';
  }
}

/** The command could not be started. */
export class CommandSpawnError extends SweLancerError {
  readonly code = 'command_spawn';
  readonly command: string;
  readonly reason: 'working_directory' | 'user' | 'shell' | 'processes' | 'other';

  constructor(message: string, options: CommandErrorOptions & { reason: CommandSpawnError['reason'] }) {
    super(message, options);
    this.command = options.command;
    this.reason = options.reason;
  }

  protected override details() {
    return { command: this.command, reason: this.reason };
  }
}

/** The machine, or the link to it, is gone. Never a model's failure. */
export class ComputerLostError extends SweLancerError {
  readonly code = 'computer_lost';
  readonly reason: 'ended' | 'out_of_memory' | 'removed' | 'connection' | 'cleaned_up';
  /** Whether a command that was under way may still be running somewhere. */
  readonly commandMayBeRunning: boolean;
  readonly lastLogLines: readonly string[];

  constructor(
    message: string,
    options: SweLancerErrorOptions & {
      reason: ComputerLostError['reason'];
      commandMayBeRunning?: boolean;
      lastLogLines?: readonly string[] | undefined;
    },
  ) {
    super(message, { retryable: options.reason !== 'cleaned_up', ...options });
    this.reason = options.reason;
    this.commandMayBeRunning = options.commandMayBeRunning ?? false;
    this.lastLogLines = options.lastLogLines ?? [];
  }

  protected override details() {
    return {
      reason: this.reason,
      commandMayBeRunning: this.commandMayBeRunning,
      lastLogLines: this.lastLogLines,
    };
  }
}

/** A computer could not be started, or ended before it was ready. */
export class ComputerStartError extends SweLancerError {
  readonly code = 'computer_start';
  /** `busy`: the one machine that has what it is to start from had no room in time. */
  readonly reason: 'engine_unreachable' | 'died' | 'timeout' | 'out_of_addresses' | 'busy' | 'other';
  readonly lastLogLines: readonly string[];

  constructor(
    message: string,
    options: SweLancerErrorOptions & {
      reason: ComputerStartError['reason'];
      lastLogLines?: readonly string[] | undefined;
    },
  ) {
    super(message, options);
    this.reason = options.reason;
    this.lastLogLines = options.lastLogLines ?? [];
  }

  protected override details() {
    return { reason: this.reason, lastLogLines: this.lastLogLines };
  }
}

/** An image is not there and could not be pulled. Retryable for `network` and `rate_limited` only. */
export class ImagePullError extends SweLancerError {
  readonly code = 'image_pull';
  readonly image: string;
  readonly reason: 'not_found' | 'denied' | 'rate_limited' | 'no_space' | 'platform' | 'network' | 'other';

  constructor(
    message: string,
    options: SweLancerErrorOptions & { image: string; reason: ImagePullError['reason'] },
  ) {
    super(message, {
      retryable: options.reason === 'network' || options.reason === 'rate_limited',
      ...options,
    });
    this.image = options.image;
    this.reason = options.reason;
  }

  protected override details() {
    return { image: this.image, reason: this.reason };
  }
}

/** A computer's files could not be made an image. The computer itself goes on. */
export class SnapshotError extends SweLancerError {
  readonly code = 'snapshot';
  readonly reason: 'no_space' | 'other';

  constructor(message: string, options: SweLancerErrorOptions & { reason: SnapshotError['reason'] }) {
    super(message, options);
    this.reason = options.reason;
  }

  protected override details() {
    return { reason: this.reason };
  }
}

export type RemoteFileReason =
  | 'not_found'
  | 'permission'
  | 'is_directory'
  | 'not_a_directory'
  | 'no_space'
  | 'too_large'
  | 'unsafe_archive'
  | 'other';

/** A file or tree could not be read or written. */
export class RemoteFileError extends SweLancerError {
  readonly code = 'remote_file';
  readonly path: string;
  readonly reason: RemoteFileReason;

  constructor(message: string, options: SweLancerErrorOptions & { path: string; reason: RemoteFileReason }) {
    super(message, options);
    this.path = options.path;
    this.reason = options.reason;
  }

  protected override details() {
    return { path: this.path, reason: this.reason };
  }
}

/** An option that this backend cannot honour. Never dropped in silence. */
export class UnsupportedOptionError extends SweLancerError {
  readonly code = 'unsupported_option';
  readonly option: string;

  constructor(message: string, options: SweLancerErrorOptions & { option: string }) {
    super(message, options);
    this.option = options.option;
  }

  protected override details() {
    return { option: this.option };
  }
}

/** Something could not be given back. The message says what is left and how to remove it. */
export class CleanupError extends SweLancerError {
  readonly code = 'cleanup';
}

function lastLines(text: string, count = 20): string {
  return text.split('\n').slice(-count).join('\n').slice(-4000);
}
