import type { EvalProgress, InFlight } from '../../eval/progress.js';

/** All that a picture of a run's progress shows. */
export interface ProgressView {
  readonly state: 'running' | 'paused' | 'completed' | 'cancelled' | 'stopped' | 'failed';
  readonly progress: EvalProgress;
  readonly inFlight: readonly InFlight[];
  /** The newest last. */
  readonly faults: readonly ProgressFault[];
  readonly epochs: number;
  /** Milliseconds since the display began. */
  readonly elapsedMs: number;
  /** Undefined where nobody can tell. */
  readonly remainingMs: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Something that went wrong. Without a sample it is about the run. */
export interface ProgressFault {
  readonly sample?: { readonly taskId: string; readonly epoch: number; readonly attempt: number } | undefined;
  /** Such as `computer_lost in solve`. */
  readonly what: string;
  readonly message: string;
  /** What follows. Undefined: nothing, it was the sample's last attempt. */
  readonly next?: { readonly redo: 'attempt' | 'grading'; readonly waitMs: number } | undefined;
}
