import { labelProblems } from '../dataset/label-problems.js';
import type { Task } from '../dataset/task.js';
import type { TaskLabels } from '../dataset/task-labels.js';
import { ConfigurationError } from '../errors.js';
import type { ResultRecord } from '../result/task-result.js';
import { costSummary, type UnfinishedWork } from './cost-summary.js';
import { distribution } from './distribution.js';
import { flakes } from './flakes.js';
import { groupBy } from './group-by.js';
import { groupedBy } from './grouped-by.js';
import { headline, headlineByPriceBand, headlineByVariant } from './headline.js';
import { managerBaselines } from './manager-baselines.js';
import { earnRateInterval } from './money.js';
import { lastEpoch, passAtEveryK } from './pass-at-k.js';
import type { Headline, RunSummary } from './run-summary-schema.js';
import { type BootstrapOptions, bootstrapDefaults } from './statistics/bootstrap.js';

/** A task, and which of its epochs, from 1. */
export interface SampleName {
  readonly taskId: string;
  readonly epoch: number;
}

export interface RunSummaryOptions extends BootstrapOptions {
  /** The tasks of the run, for the baselines of manager tasks. A `Dataset` will do. */
  readonly tasks?: Iterable<Task> | undefined;
  /** Every sample the run is about, for what is missing. Default: those with a result. */
  readonly expected?: Iterable<SampleName> | undefined;
  /** What `readTaskLabels` read. Default: none. */
  readonly labels?: TaskLabels | undefined;
  /**
   * Every attempt, the retried ones included: for cost, flakes and infrastructure failures. Default: `results`, which
   * hides what retried attempts cost.
   */
  readonly attempts?: readonly ResultRecord[] | undefined;
  /** Attempts without a result, and what they had spent: `StoredRun.unfinishedAttempts`. Default: none. */
  readonly unfinished?: readonly UnfinishedWork[] | undefined;
}

/**
 * All figures of a run from its results: one for each task and epoch, the last attempt of each. The order they come in,
 * which is chance in a run of several at once, changes nothing.
 * @throws ConfigurationError for labels that are none.
 */
export function runSummary(finished: readonly ResultRecord[], options: RunSummaryOptions = {}): RunSummary {
  const problems = labelProblems(options.labels);
  if (problems.length > 0)
    throw new ConfigurationError(`runSummary cannot work with these options: ${problems.join('; ')}.`);
  const results = finished.toSorted(byTaskAndEpoch);
  const bootstrap = {
    seed: options.seed ?? bootstrapDefaults.seed,
    resamples: options.resamples ?? bootstrapDefaults.resamples,
  };
  const tasks = [...(options.tasks ?? [])];
  const attempts = options.attempts?.toSorted(byTaskAndEpoch) ?? results;
  const done = new Set(results.map(nameText));
  return {
    schema: 1,
    ...bootstrap,
    overall: headline(bootstrap).compute(results),
    byVariant: headlineByVariant(bootstrap).compute(results),
    byPriceBand: headlineByPriceBand(bootstrap).compute(results),
    byLabel: byLabel(results, options.labels ?? new Map(), bootstrap),
    earnRateInterval: earnRateInterval(bootstrap).compute(results),
    epochs: lastEpoch(results),
    passAtK: passAtEveryK.compute(results),
    managerBaselines: managerBaselines(tasks).compute(results),
    cost: costSummary(results, attempts, options.unfinished),
    outcomes: tally(results, (result) => (result.status === 'scored' ? result.outcome : undefined)),
    faults: {
      attempts: attempts.filter(({ status }) => status === 'error').length,
      byCode: tally(attempts, (result) => (result.status === 'error' ? result.error.code : undefined)),
      byPhase: tally(attempts, (result) =>
        result.status === 'error' ? (result.error.phase ?? 'unknown') : undefined,
      ),
    },
    limits: tally(results, ({ endedByLimit }) => endedByLimit),
    flakes: flakes.compute(attempts),
    ...measures(results),
    missing: [...(options.expected ?? [])].filter((sample) => !done.has(nameText(sample))),
  };
}

function nameText({ taskId, epoch }: SampleName): string {
  return `${epoch}:${taskId}`;
}

function byTaskAndEpoch(a: ResultRecord, b: ResultRecord): number {
  if (a.taskId !== b.taskId) return a.taskId < b.taskId ? -1 : 1;
  return a.epoch - b.epoch || a.attempt - b.attempt;
}

function byLabel(
  results: readonly ResultRecord[],
  labels: TaskLabels,
  bootstrap: BootstrapOptions,
): Record<string, Record<string, Headline>> {
  const names = new Set([...labels.values()].flatMap((labelled) => Object.keys(labelled)));
  return Object.fromEntries(
    [...names].map((name) => {
      const valueOf = ({ taskId }: ResultRecord) => labelOf(labels.get(taskId), name) ?? 'unlabelled';
      return [name, groupedBy(headline(bootstrap), name, valueOf).compute(results)];
    }),
  );
}

/** A label may have any name, also one that every object has something under. */
function labelOf(labelled: Readonly<Record<string, string>> = {}, name: string): string | undefined {
  return Object.hasOwn(labelled, name) ? labelled[name] : undefined;
}

function measures(results: readonly ResultRecord[]): Pick<RunSummary, 'durations' | 'tokens' | 'lengths'> {
  const each = (value: (result: ResultRecord) => number | undefined) => distribution(results.map(value));
  const phases = new Set(results.flatMap((result) => phasesOf(result)));
  return {
    durations: {
      sample: each(({ durationMs }) => durationMs),
      model: each(({ usage }) => usage.modelMs),
      phases: Object.fromEntries([...phases].map((phase) => [phase, each((result) => result.phases[phase])])),
    },
    tokens: {
      input: each(({ usage }) => usage.inputTokens),
      cachedInput: each(({ usage }) => usage.cachedInputTokens),
      output: each(({ usage }) => usage.outputTokens),
      reasoning: each(({ usage }) => usage.reasoningTokens),
    },
    lengths: {
      turns: each(({ usage }) => usage.turns),
      modelCalls: each(({ usage }) => usage.modelCalls),
      toolCalls: each(({ usage }) => usage.toolCalls),
      patchBytes: each(({ patch }) => patch?.bytes),
      patchFiles: each(({ patch }) => patch && patch.files.length + (patch.filesLeftOut ?? 0)),
    },
  };
}

function phasesOf({ phases }: ResultRecord): (keyof typeof phases)[] {
  // `Object.keys` forgets the names that the schema has checked.
  return Object.keys(phases) as (keyof typeof phases)[];
}

/** How often each name occurs. */
function tally(
  results: readonly ResultRecord[],
  nameOf: (result: ResultRecord) => string | undefined,
): Record<string, number> {
  const names = results.flatMap((result) => nameOf(result) ?? []);
  return Object.fromEntries([...groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));
}
