import { accuracy, accuracyError, accuracyInterval, accuracyOverAll, counts } from './accuracy.js';
import { groupedBy } from './grouped-by.js';
import type { Metric } from './metric.js';
import { available, earned, earnRate, ratio, scoredOnly } from './money.js';
import { priceBand } from './price-band.js';
import type { Headline } from './run-summary-schema.js';
import type { BootstrapOptions } from './statistics/bootstrap.js';

/** The headline figures of a set of results, and how sure they are. */
export function headline(options: BootstrapOptions = {}): Metric<Headline> {
  const interval = accuracyInterval(options);
  const byTask = accuracyError();
  const byIssue = accuracyError({ cluster: 'issue' });
  return {
    name: 'headline',
    compute: (results) => {
      const availableScored = available.compute(scoredOnly(results));
      return {
        tasks: new Set(results.map(({ taskId }) => taskId)).size,
        ...counts.compute(results),
        accuracy: accuracy.compute(results),
        accuracyOverAll: accuracyOverAll.compute(results),
        standardError: byTask.compute(results),
        standardErrorByIssue: byIssue.compute(results),
        accuracyInterval: interval.compute(results),
        earned: earned.compute(results),
        available: available.compute(results),
        availableScored,
        earnRate: earnRate.compute(results),
        earnRateOverScored: ratio(earned.compute(results), availableScored),
      };
    },
  };
}

export function headlineByVariant(options: BootstrapOptions = {}): Metric<Record<string, Headline>> {
  return groupedBy(headline(options), 'variant', ({ variant }) => variant);
}

/** Cheapest band first. */
export function headlineByPriceBand(options: BootstrapOptions = {}): Metric<Record<string, Headline>> {
  const grouped = groupedBy(headline(options), 'price_band', (result) => priceBand(result.available));
  return {
    name: grouped.name,
    compute: (results) => grouped.compute(results.toSorted((a, b) => a.available - b.available)),
  };
}
