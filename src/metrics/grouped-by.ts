import type { ResultRecord } from '../result/task-result.js';
import { groupBy } from './group-by.js';
import type { Metric } from './metric.js';

/** A metric for each group of results, in the order the groups first appear. */
export function groupedBy<T>(
  metric: Metric<T>,
  name: string,
  groupOf: (result: ResultRecord) => string,
): Metric<Record<string, T>> {
  return {
    name: `${metric.name}_by_${name}`,
    compute: (results) =>
      Object.fromEntries(
        [...groupBy(results, groupOf)].map(([group, members]) => [group, metric.compute(members)]),
      ),
  };
}
