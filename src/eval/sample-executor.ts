import type { SampleJob, SampleJobKey, SampleOutcome } from './sample-job.js';

/**
 * Runs attempts somewhere else than in this process. Everything else stays with the evaluation: order, retries, store,
 * progress, summary.
 */
export interface SampleExecutor {
  /** For people. */
  readonly name: string;
  /**
   * Brings a job to its outcome. Asked for a job it has been asked for before, by this process or one that died, it goes on
   * with that one. When the signal fires it tells whoever works on it to stop, and resolves, within a time of its own: with
   * the outcome; or, where there is none yet, with what there is (`unfinished`), or with nothing. Then the next session asks
   * again, and a cancelled outcome that it gets ends that attempt: a new one goes on with what it left.
   * A refused outcome ends the run; its attempt is settled like others, and the next session asks for a new one.
   * Rejects when no job can be run any more, which ends the run; what is under way is not lost.
   */
  run(job: SampleJob, options: { readonly signal: AbortSignal }): Promise<SampleOutcome | undefined>;
  /** The outcome is in the store and need not be kept any longer. */
  settled?(job: SampleJobKey): Promise<void>;
}
