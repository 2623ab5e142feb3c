import type { ResultRecord } from '../result/task-result.js';
import { groupBy } from './group-by.js';
import { issueOf } from './issue-of.js';
import type { Metric } from './metric.js';
import type { Interval } from './run-summary-schema.js';
import { bootstrapInterval, type BootstrapOptions } from './statistics/bootstrap.js';
import { wilsonInterval } from './statistics/wilson-interval.js';

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
 * 95 % interval of the earn rate, from resampling issues with all their samples. Where all issues came out alike, as where
 * nothing or everything was earned, a bootstrap sees no spread, so that Wilson's is given: with the number of equally dear
 * issues that would make a rate as sure, (Σ w)² / Σ w² (Kish 1965), for its count. Undefined where nothing was available.
 */
export function earnRateInterval(options: BootstrapOptions = {}): Metric<Interval | undefined> {
  return {
    name: 'earn_rate_interval',
    compute: (results) => {
      const units = [...groupBy(results, ({ taskId }) => issueOf(taskId)).values()].map((members) => ({
        part: earned.compute(members),
        whole: available.compute(members),
      }));
      const rate = earnRate.compute(results);
      if (rate === undefined) return undefined;
      const issues = available.compute(results) ** 2 / units.reduce((sum, { whole }) => sum + whole ** 2, 0);
      return bootstrapInterval(units, options) ?? wilsonInterval(rate, issues);
    },
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
