import type { ResultRecord } from '../result/task-result.js';
import { inDatasetOrder } from '../store/in-dataset-order.js';
import { StoredRun } from '../store/stored-run.js';
import type { UnfinishedAttempt } from '../store/unfinished-attempts.js';
import { type EvalStore, MemoryStore } from './eval-store.js';

export interface RunResults {
  /** One for each finished sample, in the dataset's order. */
  readonly records: readonly ResultRecord[];
  /** Every attempt that ended, the retried ones included. */
  readonly attempts: readonly ResultRecord[];
  /** Those that died with their process, or go on without it. */
  readonly unfinished: readonly UnfinishedAttempt[];
}

/** What has come of a run, from its folder or from memory. */
export async function runResults(
  store: EvalStore,
  folder: string | undefined,
  taskIds: readonly string[],
): Promise<RunResults> {
  if (store instanceof MemoryStore) {
    const { records, attempts, unfinished } = store;
    return { records: inDatasetOrder(records, taskIds), attempts, unfinished };
  }
  const run = await StoredRun.open(folder ?? '');
  const attempts: ResultRecord[] = [];
  for await (const { result } of run.attempts()) attempts.push(result);
  return { records: await run.records(), attempts, unfinished: await run.unfinishedAttempts() };
}
