import type { ResultRecord } from './task-result.js';

/**
 * Whether a result's duration is what a sample takes from its start to its score: how soon an error came, and how long it
 * took to grade the work of an earlier attempt, say nothing about the next one.
 */
export function isWholeSample({ status, workOf }: Pick<ResultRecord, 'status' | 'workOf'>): boolean {
  return status === 'scored' && workOf === undefined;
}
