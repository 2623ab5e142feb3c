import type { StartFrame } from './boot.js';

/** A command that has been handed over to a shell inside: what the two strategies have in common. */
export interface Execution {
  /** Never rejects. */
  readonly ended: Promise<ExecutionEnd>;
  /** Looks after the shell that waits for the command by itself. */
  readonly watchesSupervisor?: boolean | undefined;
  /** A lost link does not end it: what could not be killed now has to be killed when the link is back. */
  readonly outlivesLink?: boolean | undefined;
  /** All of the command's own output has arrived. Never rejects. */
  readonly drained: Promise<unknown>;
  /** Rejects with an error of the caller's own parts: its input, its `onOutput`. Never resolves. */
  readonly fault: Promise<never>;
  frame(): StartFrame | undefined;
  /** What was said in place of a start. */
  preamble(): string;
  /** The command reads no more. */
  stopInput(): void;
  /** The command has ended; what it left behind may go on writing. */
  release(): void;
  /** Lets go of the link at once. */
  abandon(): void;
}

export type ExecutionEnd =
  | {
      readonly kind: 'exited';
      readonly exitCode: number | null;
      /** No process has appeared since the start, so nobody needs to look for leftovers. */
      readonly leavesNothing: boolean;
    }
  /** The shell ended before it took the command, which therefore may be given to another. */
  | { readonly kind: 'not started' }
  /** The machine or the link is gone. */
  | { readonly kind: 'lost'; readonly error: Error };
