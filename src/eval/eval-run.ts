import type { RunEvents } from '../events/run-events.js';
import type { RunSummary } from '../metrics/run-summary-schema.js';
import type { ResultRecord, TaskResult } from '../result/task-result.js';
import type { StoreFindings } from '../store/run-store.js';
import type { EvalConcurrency, EvalPlan } from './eval-plan.js';
import type { EvalProgress, InFlight } from './progress.js';

/**
 * A run under way. Awaiting it gives its outcome; iterating it gives each sample's result as it is finished, from then on.
 * Nothing waits for a slow reader, and nothing is lost to it: what it has not taken is read from the store again, and the
 * iteration throws a `StoreError` for a file that cannot be read. Without a store it is kept in memory.
 * Disposing of it cancels it and waits for its end.
 */
export interface EvalRun extends PromiseLike<EvalOutcome>, AsyncIterable<TaskResult>, AsyncDisposable {
  /** In the events and results of this run. That of its folder, once the folder is open. */
  readonly runId: string;
  /** Every option with its effective value: of the concurrency, what it is now. */
  readonly plan: EvalPlan;
  readonly events: RunEvents;
  /** Begins no more samples until `resume`, and no attempt again after a fault. Attempts under way go on to their end. */
  pause(): void;
  resume(): void;
  /** Ends the run: samples under way are cancelled and cleaned up, and go on in a later session of the same store. */
  cancel(reason?: string): void;
  /**
   * Changes what may happen at the same time: a number is of tasks, and what is left out stays as it is. Work under way is not
   * ended. A ceiling on commands where there was none is for computers that are started from then on. @throws ConfigurationError
   */
  setConcurrency(change: number | Partial<EvalConcurrency>): void;
  inFlight(): readonly InFlight[];
  progress(): EvalProgress;
}

export interface EvalOutcome {
  /** `stopped`: by `failOnError`. */
  readonly status: 'completed' | 'cancelled' | 'stopped';
  readonly runId: string;
  /** The store's. Undefined where nothing is on disk. */
  readonly folder: string | undefined;
  /** One for each finished sample, earlier sessions included; without their long texts. */
  readonly records: readonly ResultRecord[];
  readonly summary: RunSummary;
  /** What an earlier session had left. Undefined without a store. */
  readonly found: StoreFindings | undefined;
  /** Milliseconds of this session. */
  readonly durationMs: number;
}
