import { z } from 'zod';
import { usageSchema } from '../result/usage-schema.js';

const count = z.number().int().nonnegative();
const share = z.number().min(0).max(1);
const optional = z.number().optional();

/** The middle 95 %: in 95 of 100 runs like this one, an interval made so holds the true value. */
const intervalSchema = z.object({
  low: z.number(),
  high: z.number(),
  /** `wilson`: a proportion of independent results, or issues that all came out alike. `bootstrap`: percentiles over resampled issues. */
  method: z.enum(['wilson', 'bootstrap']),
});

const headlineSchema = z.object({
  /** Tasks with a result. */
  tasks: count,
  /** Results: one for each task and epoch. */
  samples: count,
  correct: count,
  incorrect: count,
  /** Infrastructure faults: neither right nor wrong. */
  errors: count,
  cancelled: count,
  /** Of the scored. Undefined where none was. */
  accuracy: share.optional(),
  /** Of all, with errors and cancelled samples counted as wrong. */
  accuracyOverAll: share.optional(),
  /** Of the accuracy; a task's epochs are one observation. Undefined for fewer than two. */
  standardError: optional,
  /** The same with all tasks of an issue as one observation. */
  standardErrorByIssue: optional,
  accuracyInterval: intervalSchema.optional(),
  /** Dollars. */
  earned: z.number(),
  available: z.number(),
  availableScored: z.number(),
  /** Earned over available. */
  earnRate: share.optional(),
  /** Earned over what the scored samples could have earned. */
  earnRateOverScored: share.optional(),
});

const epochsSchema = z.object({
  k: count,
  /** Tasks with at least k scored epochs; the others are left out. */
  tasks: count,
  tasksLeftOut: count,
  /** Unbiased estimate of the chance that at least one of k epochs passes. */
  passAtK: share.optional(),
  /** Unbiased estimate of the chance that all of k epochs pass. */
  passHatK: share.optional(),
  /** Share of tasks that one of their first k epochs solved. */
  anyOfK: share.optional(),
  /** What the tasks that one of their first k epochs solved pay, each once. */
  anyOfKEarned: z.number(),
});

const distributionSchema = z.object({
  /** Samples whose value is known. */
  known: count,
  unknown: count,
  total: optional,
  mean: optional,
  minimum: optional,
  p25: optional,
  p50: optional,
  p75: optional,
  p90: optional,
  p95: optional,
  p99: optional,
  maximum: optional,
});

const costSummarySchema = z.object({
  /**
   * Attempts that were counted: all of them where the summary was given them, otherwise the last of each sample. One that
   * only graded the work of another again is not counted.
   */
  attempts: count,
  /** Of these, the ones that have no result: their process died, or they were under way. */
  unfinishedAttempts: count,
  /** Attempts whose cost nobody knows. Not 0: the figures below that need the whole cost are undefined then. */
  attemptsOfUnknownCost: count,
  /** The sum of the costs that are known, in dollars: a lower bound where some are not. */
  knownCost: z.number(),
  /**
   * The part of unfinished attempts in it. What they spent in their last half minute may not be known. In a run that scores
   * another's work again, what that one had spent beside the work is among it.
   */
  unfinishedCost: z.number(),
  cost: optional,
  /** Earned minus cost. */
  net: optional,
  costPerEarnedDollar: optional,
  costPerCorrect: optional,
  /** What all these attempts spent, as far as it is known, in tokens, turns and calls. */
  usage: usageSchema.omit({ costDollars: true }),
});

const guessSchema = z.object({ accuracy: share, earned: z.number() });

const managerBaselinesSchema = z.object({
  /** Scored manager samples, on which all rows are computed. */
  samples: count,
  score: guessSchema,
  /** What is to be expected of a choice by lot. */
  uniformGuess: guessSchema,
  alwaysFirst: guessSchema,
  alwaysLast: guessSchema,
  /** Manager tasks with a result whose proposals were not given. They are left out. */
  unknownTasks: z.array(z.string()),
});

const flakesSchema = z.object({
  /** Samples whose tests were run more than once, to an exit code each time. */
  samplesWithSeveralTries: count,
  /** Of these, the ones whose tests failed and passed on the same patch. */
  mixedTries: z.array(
    z.object({
      taskId: z.string(),
      epoch: count,
      attempt: count,
      exitCodes: z.array(z.number().int().nullable()),
    }),
  ),
  /** The same patch of a task, judged both ways. */
  samePatch: z.array(z.object({ taskId: z.string(), sha256: z.string(), passed: count, failed: count })),
  /** Tasks that some epochs solved and some did not: the agent's variance or the tests'. */
  mixedEpochs: z.array(z.object({ taskId: z.string(), passed: count, failed: count })),
  /** Samples that needed another attempt after an infrastructure fault. */
  retried: z.array(
    z.object({ taskId: z.string(), epoch: count, attempts: count, codes: z.array(z.string()) }),
  ),
});

/** Validates a `summary.json`. */
export const runSummarySchema = z.object({
  schema: z.literal(1),
  /** Of the generator behind the bootstrap intervals. */
  seed: count,
  resamples: count,
  overall: headlineSchema,
  byVariant: z.record(z.string(), headlineSchema),
  byPriceBand: z.record(z.string(), headlineSchema),
  /** For each label of the labels file, such as `category`, and each of its values. Tasks without one: `unlabelled`. */
  byLabel: z.record(z.string(), z.record(z.string(), headlineSchema)),
  earnRateInterval: intervalSchema.optional(),
  /** The largest epoch of any result. */
  epochs: count,
  /** For k = 1 … epochs. Empty for a run of one epoch. */
  passAtK: z.array(epochsSchema),
  /** Undefined without manager results or without their tasks. */
  managerBaselines: managerBaselinesSchema.optional(),
  cost: costSummarySchema,
  outcomes: z.record(z.string(), count),
  /** Infrastructure failures, apart from everything above: of all attempts where the summary was given them. */
  faults: z.object({
    attempts: count,
    byCode: z.record(z.string(), count),
    /** `unknown` where the error names none. */
    byPhase: z.record(z.string(), count),
  }),
  /** Names of the limits that ended agents. */
  limits: z.record(z.string(), count),
  flakes: flakesSchema,
  /** Milliseconds. */
  durations: z.object({
    sample: distributionSchema,
    model: distributionSchema,
    phases: z.record(z.string(), distributionSchema),
  }),
  tokens: z.object({
    input: distributionSchema,
    cachedInput: distributionSchema,
    output: distributionSchema,
    reasoning: distributionSchema,
  }),
  lengths: z.object({
    turns: distributionSchema,
    modelCalls: distributionSchema,
    toolCalls: distributionSchema,
    patchBytes: distributionSchema,
    patchFiles: distributionSchema,
  }),
  /** Samples the run is about that have no result. */
  missing: z.array(z.object({ taskId: z.string(), epoch: z.number().int().positive() })),
});

/** All figures of a run, as plain JSON. Recomputable from its results: `runSummary` makes it. */
export type RunSummary = z.infer<typeof runSummarySchema>;
export type Headline = z.infer<typeof headlineSchema>;
export type Interval = z.infer<typeof intervalSchema>;
export type EpochFigures = z.infer<typeof epochsSchema>;
export type Distribution = z.infer<typeof distributionSchema>;
export type CostSummary = z.infer<typeof costSummarySchema>;
export type ManagerBaselines = z.infer<typeof managerBaselinesSchema>;
export type FlakeReport = z.infer<typeof flakesSchema>;
