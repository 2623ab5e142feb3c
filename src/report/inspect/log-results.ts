import { passAtK } from '../../metrics/pass-at-k.js';
import { groupBy } from '../../metrics/group-by.js';
import type { Headline, RunSummary } from '../../metrics/run-summary-schema.js';
import type { ResultRecord } from '../../result/task-result.js';
import type { EpochReducers } from './epoch-reducers.js';
import type { InspectEvalScore, InspectMetric, InspectObject, InspectReductions } from './log-format.js';
import { plain } from './log-json.js';
import type { ScoreName } from './sample-facts.js';

type Figures = readonly (readonly [name: string, value: number | undefined, group?: string])[];

/**
 * Dollars first: they are the benchmark's score. A figure that is not known is left out. All figures are ours, `runSummary`'s,
 * whole under `metadata`.
 */
export function logResults(
  records: readonly ResultRecord[],
  summary: RunSummary,
  { samples, reducers }: { readonly samples: number; readonly reducers: EpochReducers | undefined },
): InspectObject {
  const scored = records.filter(({ status }) => status === 'scored').length;
  const counts = { scored_samples: scored, unscored_samples: records.length - scored };
  const { mean: reducer, passAt } = reducers ?? {};
  const score = (name: ScoreName, figures: Figures, by: string | undefined = reducer): InspectEvalScore => ({
    name,
    scorer: name,
    reducer: by,
    ...counts,
    metrics: metrics(figures),
  });
  return {
    total_samples: samples,
    completed_samples: scored,
    headline: { scorer: 'earned', score: 'earned', metric: 'earned', reducer },
    scores: [
      score('earned', earnings(summary)),
      score('correct', correctness(summary)),
      ...(passAt === undefined ? [] : [score('correct', [['accuracy', passAt.value]], passAt.name)]),
    ],
    metadata: { swelancer: plain(summary) },
  };
}

/** The epochs of each task as one value, for tasks with a scored epoch. */
export function logReductions(
  records: readonly ResultRecord[],
  { mean: reducer, passAt }: EpochReducers,
): readonly InspectReductions[] {
  const tasks = [...groupBy(records, ({ taskId }) => taskId)].map(([taskId, results]) => ({
    taskId,
    scored: results.filter((result) => result.status === 'scored'),
  }));
  const reduce = (
    scorer: ScoreName,
    by: string,
    value: (scored: (typeof tasks)[number]['scored']) => number | undefined,
  ): InspectReductions => ({
    scorer,
    reducer: by,
    samples: tasks.flatMap(({ taskId, scored }) => {
      const reduced = scored.length === 0 ? undefined : value(scored);
      return reduced === undefined ? [] : [{ sample_id: taskId, value: reduced }];
    }),
  });
  const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const passes = (scored: (typeof tasks)[number]['scored']) => scored.filter(({ passed }) => passed).length;
  return [
    reduce('earned', reducer, (scored) => mean(scored.map(({ earned }) => earned))),
    reduce('correct', reducer, (scored) => mean(scored.map(({ score }) => score))),
    ...(passAt === undefined
      ? []
      : [reduce('correct', passAt.name, (scored) => passAtK(scored.length, passes(scored), passAt.k))]),
  ];
}

function earnings({ overall, byVariant, cost }: RunSummary): Figures {
  return [
    ['earned', overall.earned],
    ['available', overall.available],
    ['earn_rate', overall.earnRate],
    ['earn_rate_over_scored', overall.earnRateOverScored],
    ['cost', cost.cost],
    ['net', cost.net],
    ...perVariant(byVariant, 'earned', ({ earned }) => earned),
  ];
}

function correctness({ overall, byVariant }: RunSummary): Figures {
  return [
    ['accuracy', overall.accuracy],
    ['stderr', overall.standardError],
    ['accuracy_over_all', overall.accuracyOverAll],
    ['stderr_by_issue', overall.standardErrorByIssue],
    ['accuracy_low', overall.accuracyInterval?.low],
    ['accuracy_high', overall.accuracyInterval?.high],
    ['errors', overall.errors],
    ...perVariant(byVariant, 'accuracy', ({ accuracy }) => accuracy),
  ];
}

function perVariant(
  byVariant: RunSummary['byVariant'],
  name: string,
  value: (headline: Headline) => number | undefined,
): Figures {
  const variants = Object.entries(byVariant);
  if (variants.length < 2) return [];
  return variants.map(([variant, headline]) => [`${name}_${variant}`, value(headline), 'variant'] as const);
}

function metrics(figures: Figures): { [name: string]: InspectMetric } {
  return Object.fromEntries(
    figures.flatMap(([name, value, group]) =>
      value === undefined || !Number.isFinite(value)
        ? []
        : [[name, { name, value, ...(group !== undefined && { group }) }]],
    ),
  );
}
