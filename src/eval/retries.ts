import type { ErrorResult, TaskResult } from '../result/task-result.js';

/** What is done about faults: errors that say nothing about the agent's work. */
export interface EvalRetries {
  /**
   * New attempts at a sample after faults on the way to the agent's work: start, set-up, the agent itself. Default: 2.
   * Only errors that are `retryable`.
   */
  readonly attempts: number;
  /** New gradings of the work that is there after faults in grading. The agent never runs again for them. Default: 3. */
  readonly gradings: number;
  /**
   * How often in a row a process may die with a sample, killed or out of memory, before that is the sample's error and it is
   * not begun again. Default: 3 where attempts are handed out as batch jobs, each a process of its own. In this process,
   * whose death takes all samples under way with it: 10, and only of sessions that brought no attempt to its end; after
   * three a sample runs last and alone. A queue's workers have `takeovers` for it.
   */
  readonly deaths: number;
  /** Milliseconds before the first; doubled each time, with up to a quarter more by chance. Default: 2,000. */
  readonly waitMs: number;
  /** Default: 60,000. */
  readonly maxWaitMs: number;
  /** Overrules `retryable` for an error class or phase. Undefined leaves it. */
  readonly decide: (fault: Fault) => boolean | undefined;
}

/** A failed attempt, and how many there were before it. */
export interface Fault {
  readonly error: ErrorResult['error'];
  readonly taskId: string;
  readonly epoch: number;
  /** What there is to do again. */
  readonly redo: 'attempt' | 'grading';
  /** How many of this kind there were at this sample, this one included. */
  readonly count: number;
}

export const defaultRetries: EvalRetries = {
  attempts: 2,
  gradings: 3,
  deaths: 10,
  waitMs: 2_000,
  maxWaitMs: 60_000,
  decide: () => undefined,
};

/** Of attempts that are handed out. */
export const handedOutDeaths = 3;

/** Whether a result is the sample's last, and if not, what comes next. */
export type Verdict =
  | { readonly final: true }
  | { readonly final: false; readonly fault: Fault; readonly waitMs: number }
  /** Cancelled: it goes on in another session. */
  | { readonly final: false; readonly fault: undefined };

/** @param faults of each kind before this result; `graded`: whether the agent's work is there. */
export function judge(
  result: TaskResult,
  graded: boolean,
  faults: { readonly run: number; readonly grade: number },
  retries: EvalRetries,
): Verdict {
  if (result.status === 'scored') return { final: true };
  if (result.status === 'cancelled') return { final: false, fault: undefined };
  const count = 1 + (graded ? faults.grade : faults.run);
  const fault: Fault = {
    error: result.error,
    taskId: result.taskId,
    epoch: result.epoch,
    redo: graded ? 'grading' : 'attempt',
    count,
  };
  const again = retries.decide(fault) ?? result.error.retryable;
  if (!again || count > (graded ? retries.gradings : retries.attempts)) return { final: true };
  const waitMs = Math.min(retries.waitMs * 2 ** (count - 1), retries.maxWaitMs);
  return { final: false, fault, waitMs: Math.round(waitMs * (1 + Math.random() / 4)) };
}
