import { StoredRun } from '../store/stored-run.js';
import type { PastDurations } from './sample-order.js';

/** How long the samples of an earlier run took, for `order: { longestFirst }`. */
export async function pastDurations(folder: string): Promise<PastDurations> {
  const run = await StoredRun.open(folder);
  const sums = new Map<string, { total: number; count: number }>();
  for (const { taskId, durationMs } of await run.records()) {
    const sum = sums.get(taskId) ?? { total: 0, count: 0 };
    sums.set(taskId, { total: sum.total + durationMs, count: sum.count + 1 });
  }
  return new Map([...sums].map(([taskId, { total, count }]) => [taskId, total / count]));
}
