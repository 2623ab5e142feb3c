import type { ResultRecord } from '../result/task-result.js';
import { groupBy } from './group-by.js';
import { issueOf } from './issue-of.js';
import type { Metric } from './metric.js';
import type { Interval } from './run-summary-schema.js';
import { type BootstrapOptions, bootstrapRatio } from './statistics/bootstrap.js';

/** Sum of what was paid, in dollars, over all samples. Upstream's `total_earned`. */
export const earned: Metric<number> = {
  name: 'earned',
  compute: (results) => sumDollars(results.map((result) => result.earned)),
};

/** Sum of what could have been paid, in dollars, errors and cancelled samples included. */
export const available: Metric<number> = {
  name: 'available',
  compute: (results) => sumDollars(results.map((result) => result.available)),
};

/** Earned over available, from 0 to 1. Undefined where nothing was available. */
export const earnRate: Metric<number | undefined> = {
  name: 'earn_rate',
  compute: (results) => ratio(earned.compute(results), available.compute(results)),
};

/**
 * 95 % interval of the earn rate, from resampling issues with all their samples. Undefined for fewer than two issues.
 * A bootstrap knows only the prices it saw: where nothing or everything was earned it gives an interval without width.
 */
export function earnRateInterval(options: BootstrapOptions = {}): Metric<Interval | undefined> {
  return {
    name: 'earn_rate_interval',
    compute: (results) =>
      bootstrapRatio(
        [...groupBy(results, ({ taskId }) => issueOf(taskId)).values()].map((members) => ({
          part: earned.compute(members),
          whole: available.compute(members),
        })),
        options,
      )?.interval,
  };
}

/** Exact to the cent: dollars are added as whole cents. */
export function sumDollars(amounts: readonly number[]): number {
  return amounts.reduce((cents, amount) => cents + Math.round(amount * 100), 0) / 100;
}

/** Undefined instead of the NaN of 0/0. */
export function ratio(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole;
}

/** Samples that were scored. Only they say anything about the agent. */
export function scoredOnly(results: readonly ResultRecord[]) {
  return results.filter((result) => result.status === 'scored');
}
