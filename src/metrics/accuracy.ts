import type { ResultRecord } from '../result/task-result.js';
import { groupBy } from './group-by.js';
import { issueOf } from './issue-of.js';
import type { Metric } from './metric.js';
import { ratio, scoredOnly } from './money.js';
import type { Interval } from './run-summary-schema.js';
import { bootstrapInterval, type BootstrapOptions } from './statistics/bootstrap.js';
import { standardError } from './statistics/standard-error.js';
import { wilsonInterval } from './statistics/wilson-interval.js';

export interface Counts {
  /** Results: one for each task and epoch. */
  readonly samples: number;
  readonly correct: number;
  readonly incorrect: number;
  /** Infrastructure faults: neither right nor wrong. */
  readonly errors: number;
  readonly cancelled: number;
}

/** How many samples ended how. */
export const counts: Metric<Counts> = {
  name: 'counts',
  compute: (results) => {
    const scored = scoredOnly(results);
    const correct = scored.filter((result) => result.passed).length;
    return {
      samples: results.length,
      correct,
      incorrect: scored.length - correct,
      errors: results.filter((result) => result.status === 'error').length,
      cancelled: results.filter((result) => result.status === 'cancelled').length,
    };
  },
};

/** Share of scored samples that were paid. Undefined where none was scored. Upstream's `accuracy`. */
export const accuracy: Metric<number | undefined> = {
  name: 'accuracy',
  compute: (results) => {
    const { correct, incorrect } = counts.compute(results);
    return ratio(correct, correct + incorrect);
  },
};

/** Share of all samples that were paid, errors counted as wrong. Upstream's `metrics_including_errors`. */
export const accuracyOverAll: Metric<number | undefined> = {
  name: 'accuracy_over_all',
  compute: (results) => ratio(counts.compute(results).correct, results.length),
};

/** What counts as one observation: epochs of a task, and tasks of an issue, are not independent of each other. */
export type Cluster = 'sample' | 'task' | 'issue';

export function clusterOf(cluster: Cluster): (result: ResultRecord) => string {
  if (cluster === 'issue') return ({ taskId }) => issueOf(taskId);
  if (cluster === 'task') return ({ taskId }) => taskId;
  return ({ taskId, epoch }) => `${taskId} ${epoch}`;
}

/**
 * Standard error of the accuracy. `task` (default) is the plain error of a run of one epoch, and of a run of several the
 * error of the mean over its tasks' means; `sample` would take epochs for independent tasks.
 */
export function accuracyError(
  options: { readonly cluster?: Cluster | undefined } = {},
): Metric<number | undefined> {
  const cluster = options.cluster ?? 'task';
  return {
    name: `accuracy_error_by_${cluster}`,
    compute: (results) => {
      const scored = scoredOnly(results);
      return standardError(
        scored.map(({ score }) => score),
        scored.map(clusterOf(cluster)),
      );
    },
  };
}

/**
 * 95 % interval of the accuracy: Wilson's where every issue has one scored sample, else a bootstrap over issues. Where
 * all issues came out alike a bootstrap sees no spread, so that Wilson's is given, with the number of issues for its count.
 */
export function accuracyInterval(options: BootstrapOptions = {}): Metric<Interval | undefined> {
  return {
    name: 'accuracy_interval',
    compute: (results) => {
      const scored = scoredOnly(results);
      const share = accuracy.compute(scored);
      if (share === undefined) return undefined;
      const issues = [...groupBy(scored, clusterOf('issue')).values()];
      const wilson = wilsonInterval(share, issues.length);
      if (issues.length === scored.length) return wilson;
      const units = issues.map((members) => ({
        part: members.filter(({ passed }) => passed).length,
        whole: members.length,
      }));
      return bootstrapInterval(units, options) ?? wilson;
    },
  };
}
