import { ConfigurationError } from '../errors.js';
import type { ResultRecord } from '../result/task-result.js';
import { groupBy } from './group-by.js';
import type { Metric } from './metric.js';
import { ratio, scoredOnly, sumDollars } from './money.js';
import type { EpochFigures } from './run-summary-schema.js';

/**
 * Unbiased estimate of the chance that at least one of `k` epochs passes, from `passed` of `scored` that did:
 * 1 - C(n - c, k) / C(n, k) (Chen et al. 2021). Inspect's `pass_at_k`. Undefined for fewer than k scored epochs.
 */
export function passAtK(scored: number, passed: number, k: number): number | undefined {
  if (scored < k) return undefined;
  if (scored - passed < k) return 1;
  let none = 1;
  for (let i = scored - passed + 1; i <= scored; i++) none *= 1 - k / i;
  return 1 - none;
}

/** The same for all of `k` epochs: C(c, k) / C(n, k), pass^k. Inspect's `pass_k_k`. */
export function passHatK(scored: number, passed: number, k: number): number | undefined {
  if (scored < k) return undefined;
  let all = 1;
  for (let i = 0; i < k; i++) all *= Math.max(0, passed - i) / (scored - i);
  return all;
}

/**
 * pass@k, pass^k and any-of-k over a run of several epochs, each the mean over tasks with at least `k` scored epochs. An
 * epoch that was not scored is no failure and is left out; a task that has too few left is counted in `tasksLeftOut`.
 *
 * @throws ConfigurationError unless k is a whole number of 1 or more.
 */
export function epochFigures(k: number): Metric<EpochFigures> {
  if (!Number.isInteger(k) || k < 1)
    throw new ConfigurationError(`pass@k needs a whole k of 1 or more, not ${k}.`);
  return {
    name: `pass_at_${k}`,
    compute: (results) => {
      const tasks = [...groupBy(results, ({ taskId }) => taskId).values()].map((epochs) =>
        scoredOnly(epochs).toSorted((a, b) => a.epoch - b.epoch),
      );
      const counted = tasks.filter((epochs) => epochs.length >= k);
      const mean = (estimate: typeof passAtK) =>
        ratio(
          counted.reduce((sum, epochs) => sum + (estimate(epochs.length, passes(epochs), k) ?? 0), 0),
          counted.length,
        );
      const solved = counted.filter((epochs) => passes(epochs.slice(0, k)) > 0);
      return {
        k,
        tasks: counted.length,
        tasksLeftOut: tasks.length - counted.length,
        passAtK: mean(passAtK),
        passHatK: mean(passHatK),
        anyOfK: ratio(solved.length, counted.length),
        anyOfKEarned: sumDollars(solved.map(([first]) => first?.available ?? 0)),
      };
    },
  };
}

/** `epochFigures` for every k up to the run's epochs. Empty for a run of one. */
export const passAtEveryK: Metric<EpochFigures[]> = {
  name: 'pass_at_every_k',
  compute: (results) => {
    const epochs = lastEpoch(results);
    if (epochs < 2) return [];
    return Array.from({ length: epochs }, (_, index) => epochFigures(index + 1).compute(results));
  },
};

export function lastEpoch(results: readonly ResultRecord[]): number {
  return results.reduce((last, { epoch }) => Math.max(last, epoch), 0);
}

function passes(epochs: readonly ResultRecord[]): number {
  return epochs.filter((result) => result.status === 'scored' && result.passed).length;
}
