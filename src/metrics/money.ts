import type { ResultRecord } from '../result/task-result.js';
import type { Metric } from './metric.js';

/** Sum of what was paid, in dollars, over all attempts. Upstream's `total_earned`. */
export const earned: Metric<number> = {
  name: 'earned',
  compute: (results) => sumDollars(results.map((result) => result.earned)),
};

/** Sum of what could have been paid, in dollars, errors and cancelled attempts included. */
export const available: Metric<number> = {
  name: 'available',
  compute: (results) => sumDollars(results.map((result) => result.available)),
};

/** Earned over available, from 0 to 1. Undefined where nothing was available. */
export const earnRate: Metric<number | undefined> = {
  name: 'earn_rate',
  compute: (results) => ratio(earned.compute(results), available.compute(results)),
};

/** Exact to the cent: dollars are added as whole cents. */
export function sumDollars(amounts: readonly number[]): number {
  return amounts.reduce((cents, amount) => cents + Math.round(amount * 100), 0) / 100;
}

/** Undefined instead of the NaN of 0/0. */
export function ratio(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole;
}

/** Attempts that were scored. Only they say anything about the agent. */
export function scoredOnly(results: readonly ResultRecord[]) {
  return results.filter((result) => result.status === 'scored');
}
