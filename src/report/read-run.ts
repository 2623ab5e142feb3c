import { runSummary, type RunSummaryOptions } from '../metrics/run-summary.js';
import type { RunSummary } from '../metrics/run-summary-schema.js';
import type { ResultRecord } from '../result/task-result.js';
import { describedSamples } from '../store/described-samples.js';
import { finalRecords } from '../store/final-records.js';
import type { AttemptRecord } from '../store/journal-record.js';
import type { StoredRun } from '../store/stored-run.js';
import type { UnfinishedAttempt } from '../store/unfinished-attempts.js';

/** What has come of a run so far, without the long texts. */
export interface ReadRun {
  /** The result of each finished sample, tasks in the dataset's order. */
  readonly records: readonly ResultRecord[];
  /** Every attempt in the order in which they ended. */
  readonly attempts: readonly AttemptRecord[];
  /** Attempts without a result: those whose process died, and those under way. */
  readonly unfinished: readonly UnfinishedAttempt[];
  readonly summary: RunSummary;
}

/** Reads a run once, so that all that is made from it tells of the same moment and of the same money. */
export async function readRun(
  run: StoredRun,
  options: Omit<RunSummaryOptions, 'attempts' | 'expected' | 'unfinished'> = {},
): Promise<ReadRun> {
  const { ended: attempts, unfinished } = await run.allAttempts();
  const records = await finalRecords(attempts, run.description);
  const summary = runSummary(records, {
    ...options,
    expected: describedSamples(run.description),
    attempts: attempts.map(({ result }) => result),
    unfinished,
  });
  return { records, attempts, unfinished, summary };
}
