import type { ComputerDescription, ShellCommandOptions } from '../computer-interface.js';
import type { ControlShell } from './control-shell.js';
import type { ShellChannel, ShellTransport } from './shell-transport.js';

/** One command on its way through the engine: what every strategy needs to run it, end it and tell of it. */
export interface CommandRun {
  readonly command: string;
  /** Redacted and short, for messages. */
  readonly title: string;
  /** Redacted, for errors. */
  readonly redactedCommand: string;
  readonly options: ShellCommandOptions;
  readonly workingDirectory: string;
  /** The computer's and the command's own, revealed. */
  readonly environment: Readonly<Record<string, string>>;
  /** Value of `markerVariable` for every process of this command. */
  readonly marker: string;
  readonly engine: EngineParts;
}

/** What the commands of one engine share. */
export interface EngineParts {
  readonly transport: ShellTransport;
  readonly control: ControlShell;
  readonly computerId: string;
  /** Fires when the computer is given back; its reason is the error to throw. */
  readonly closing: AbortSignal;
  /** Keeps a channel whose command has ended while something it left behind still writes to it. */
  readonly linger: (channel: ShellChannel, drained: Promise<unknown>) => void;
  /** Milliseconds a lane may be silent while a command runs before somebody looks after it. */
  readonly heartbeatMs: number;
  readonly describe: () => Promise<ComputerDescription>;
  /** Ends the processes with that marker when the machine can be reached again. */
  readonly killLater: (marker: string) => void;
  /** Told what could not be done as asked. */
  readonly degraded: (reason: string) => void;
}
