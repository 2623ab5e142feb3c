import type { Readable, Writable } from 'node:stream';
import type { CallOptions } from '../computer-interface.js';

/** How a backend starts a process inside: all the shell engine needs to know about it. */
export interface ShellTransport {
  /** Starts `argv` as the leader of a process group of its own. @throws ComputerLostError, CommandSpawnError */
  open(request: ChannelRequest, options?: CallOptions): Promise<ShellChannel>;
  /**
   * Whether a process that ends while another one holds its streams keeps new channels waiting, for seconds, as the Docker
   * engine does. Lanes that are held stay then. Default: false; what only a background process uses can be given up.
   */
  readonly isStalledByHeldStreams?: boolean | undefined;
}

export interface ChannelRequest {
  /** Fixed text of ours. Commands travel over stdin, so that neither a length limit nor `pkill -f` meets them. */
  readonly argv: readonly string[];
  /** Present in `/proc/<pid>/environ` from the start: the kill finds processes by it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Default: the backend's own. */
  readonly user?: string | undefined;
  /** A line that reaches stdin when this process has gone without letting go, by SIGKILL say. Where a client process can. */
  readonly lastWords?: string | undefined;
}

/** A running process inside. The backend attaches error listeners to all three streams before it hands them over. */
export interface ShellChannel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves once, when the process has ended or the link is gone. Never rejects. */
  readonly exit: Promise<ChannelExit>;
  /** Lets go of the link at once. Does not end the process. */
  destroy(): void;
}

export type ChannelExit =
  | { readonly kind: 'exited'; readonly exitCode: number | null }
  /** The machine or the link is gone; `error` is what to throw. */
  | { readonly kind: 'lost'; readonly error: Error };
