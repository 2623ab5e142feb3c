import type { ResultRecord } from '../result/task-result.js';
import { groupBy } from './group-by.js';
import { issueOf } from './issue-of.js';
import { ratio, scoredOnly } from './money.js';
import type { Interval } from './run-summary-schema.js';
import { bootstrapInterval, type BootstrapOptions } from './statistics/bootstrap.js';
import { signTest } from './statistics/sign-test.js';
import { standardError } from './statistics/standard-error.js';

export interface CompareRunsOptions extends BootstrapOptions {
  /** What counts as one observation. Default: `issue`. */
  readonly cluster?: 'task' | 'issue' | undefined;
}

/** Means over the tasks both runs scored, and how they differ. Undefined figures: too few tasks to say. */
export interface PairedDifference {
  readonly first: number | undefined;
  readonly second: number | undefined;
  /** Second minus first. */
  readonly difference: number | undefined;
  readonly standardError: number | undefined;
  /** 95 %, by bootstrap. Undefined too where all issues differ by the same, as between equal runs: then no spread was seen. */
  readonly interval: Interval | undefined;
}

/** Two runs on the same tasks, as plain JSON. */
export interface RunComparison {
  /** Tasks both runs scored; all figures are over these. */
  readonly tasks: number;
  /** Share of epochs that passed. */
  readonly accuracy: PairedDifference;
  /** Dollars per task, mean over its epochs. */
  readonly earned: PairedDifference;
  /** Tasks the second run passed more often, ids in the first run's order. */
  readonly gained: readonly string[];
  /** Tasks the second run passed less often. */
  readonly lost: readonly string[];
  /** Two-sided exact sign test on gained and lost; with one epoch each this is McNemar's exact test. */
  readonly pValue: number;
  /** Tasks without a pair, which say nothing here. */
  readonly unpaired: {
    readonly onlyInFirst: readonly string[];
    readonly onlyInSecond: readonly string[];
    /** In both runs, but with no scored epoch in at least one: infrastructure failures. */
    readonly notScored: readonly string[];
  };
}

/**
 * Compares two runs task by task. Much of a run's spread is that tasks differ in difficulty; pairs take it out, so that
 * smaller differences show than between two intervals.
 */
export function compareRuns(
  first: readonly ResultRecord[],
  second: readonly ResultRecord[],
  options: CompareRunsOptions = {},
): RunComparison {
  const [one, two] = [byTask(first), byTask(second)];
  const both = [...one.keys()].filter((id) => two.has(id));
  const pairs = both.flatMap((id) => {
    const [before, after] = [meansOf(one.get(id)), meansOf(two.get(id))];
    return before === undefined || after === undefined ? [] : [{ id, before, after }];
  });
  const paired = new Set(pairs.map(({ id }) => id));
  const gained = pairs.filter(({ before, after }) => after.accuracy > before.accuracy).map(({ id }) => id);
  const lost = pairs.filter(({ before, after }) => after.accuracy < before.accuracy).map(({ id }) => id);
  return {
    tasks: pairs.length,
    accuracy: pairedDifference(pairs, 'accuracy', options),
    earned: pairedDifference(pairs, 'earned', options),
    gained,
    lost,
    pValue: signTest(gained.length, lost.length),
    unpaired: {
      onlyInFirst: [...one.keys()].filter((id) => !two.has(id)),
      onlyInSecond: [...two.keys()].filter((id) => !one.has(id)),
      notScored: both.filter((id) => !paired.has(id)),
    },
  };
}

interface TaskMeans {
  readonly accuracy: number;
  readonly earned: number;
}

interface Pair {
  readonly id: string;
  readonly before: TaskMeans;
  readonly after: TaskMeans;
}

function pairedDifference(
  pairs: readonly Pair[],
  figure: keyof TaskMeans,
  options: CompareRunsOptions,
): PairedDifference {
  const clusterOf = options.cluster === 'task' ? (id: string) => id : issueOf;
  const differences = pairs.map(({ id, before, after }) => ({
    cluster: clusterOf(id),
    value: after[figure] - before[figure],
  }));
  const values = differences.map(({ value }) => value);
  const clusters = [...groupBy(differences, ({ cluster }) => cluster).values()];
  return {
    first: mean(pairs.map(({ before }) => before[figure])),
    second: mean(pairs.map(({ after }) => after[figure])),
    difference: mean(values),
    standardError: standardError(
      values,
      differences.map(({ cluster }) => cluster),
    ),
    interval: bootstrapInterval(
      clusters.map((members) => ({
        part: members.reduce((sum, { value }) => sum + value, 0),
        whole: members.length,
      })),
      options,
    ),
  };
}

function byTask(results: readonly ResultRecord[]): Map<string, ResultRecord[]> {
  return groupBy(results, ({ taskId }) => taskId);
}

/** Undefined where no epoch was scored. */
function meansOf(epochs: readonly ResultRecord[] = []): TaskMeans | undefined {
  const scored = scoredOnly(epochs);
  const accuracy = mean(scored.map(({ score }) => score));
  const earned = mean(scored.map((result) => result.earned));
  return accuracy === undefined || earned === undefined ? undefined : { accuracy, earned };
}

function mean(values: readonly number[]): number | undefined {
  return ratio(
    values.reduce((sum, value) => sum + value, 0),
    values.length,
  );
}
