import type { ResultRecord } from '../result/task-result.js';
import { accuracy, accuracyOverAll, type Counts, counts } from './accuracy.js';
import type { Metric } from './metric.js';
import { available, earned, earnRate } from './money.js';

/** The headline figures of a set of results. */
export interface Summary extends Counts {
  readonly accuracy: number | undefined;
  readonly accuracyOverAll: number | undefined;
  /** Dollars. */
  readonly earned: number;
  readonly available: number;
  readonly earnRate: number | undefined;
}

export const summary: Metric<Summary> = {
  name: 'summary',
  compute: (results) => ({
    ...counts.compute(results),
    accuracy: accuracy.compute(results),
    accuracyOverAll: accuracyOverAll.compute(results),
    earned: earned.compute(results),
    available: available.compute(results),
    earnRate: earnRate.compute(results),
  }),
};

/** A metric for each group of results, in the order the groups first appear. */
export function groupedBy<T>(
  metric: Metric<T>,
  name: string,
  groupOf: (result: ResultRecord) => string,
): Metric<Record<string, T>> {
  return {
    name: `${metric.name}_by_${name}`,
    compute: (results) => {
      const groups = new Map<string, ResultRecord[]>();
      for (const result of results) {
        const group = groupOf(result);
        groups.set(group, [...(groups.get(group) ?? []), result]);
      }
      return Object.fromEntries([...groups].map(([group, members]) => [group, metric.compute(members)]));
    },
  };
}

export const summaryByVariant = groupedBy(summary, 'variant', (result) => result.variant);
export const summaryByPriceBand = groupedBy(summary, 'price_band', (result) => priceBand(result.available));

/** Lower bounds in dollars. Our choice, along the steps prices really have; above $300 is what upstream once called hard. */
const bands = [0, 300, 1000, 4000, 10_000] as const;

/** Such as `$300-$999` or `$10000+`. */
export function priceBand(dollars: number): string {
  const index = bands.findLastIndex((bound) => dollars >= bound);
  const from = bands[Math.max(index, 0)] ?? 0;
  const to = bands[index + 1];
  return to === undefined ? `$${from}+` : `$${from}-$${to - 1}`;
}
