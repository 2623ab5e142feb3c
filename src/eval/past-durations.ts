import { StoredRun } from '../store/stored-run.js';
import { attemptKeyText } from '../store/sample-key.js';
import type { PastDurations } from './sample-order.js';

/** How long the samples of an earlier run took, for `order: { longestFirst }`. */
export async function pastDurations(folder: string): Promise<PastDurations> {
  const run = await StoredRun.open(folder);
  const attempts = new Map<string, number>();
  for await (const { result } of run.attempts()) attempts.set(attemptKeyText(result), result.durationMs);
  const sums = new Map<string, { total: number; count: number }>();
  for (const record of await run.records()) {
    // How soon an error came says nothing about the next time.
    if (record.status !== 'scored') continue;
    const { taskId, workOf, durationMs } = record;
    // Where only grading was done again, the agent's part is in the attempt whose work it was.
    const before =
      workOf === undefined ? 0 : (attempts.get(attemptKeyText({ ...record, attempt: workOf })) ?? 0);
    const sum = sums.get(taskId) ?? { total: 0, count: 0 };
    sums.set(taskId, { total: sum.total + before + durationMs, count: sum.count + 1 });
  }
  return new Map([...sums].map(([taskId, { total, count }]) => [taskId, total / count]));
}
