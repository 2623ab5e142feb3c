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
  /** Whether a channel opens without waiting for another to end. Default: it always does. */
  hasRoom?(): boolean;
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
  /**
   * What the computer cannot do without, such as the shell that ends the others: where channels are few, it is not kept
   * waiting by commands. Default: false.
   */
  readonly isVital?: boolean | undefined;
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
  /**
   * Says that nothing runs here for now. Where channels are few, `giveUp` is called once somebody waits for one, at once
   * even, and has to end this one. Gives what takes the offer back. Absent where there are always enough.
   */
  offer?(giveUp: () => void): () => void;
}

export type ChannelExit =
  | { readonly kind: 'exited'; readonly exitCode: number | null }
  /** The machine or the link is gone; `error` is what to throw. */
  | { readonly kind: 'lost'; readonly error: Error };
