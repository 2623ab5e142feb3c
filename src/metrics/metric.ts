import type { ResultRecord } from '../result/task-result.js';

/** A number, or several, from results. Pure: the same results give the same value. */
export interface Metric<T> {
  readonly name: string;
  compute(results: readonly ResultRecord[]): T;
}
