import { inspect } from 'node:util';
import { z } from 'zod';
import { labelProblems } from '../dataset/label-problems.js';
import { ConfigurationError } from '../errors.js';
import { type OptionNames, unknownOptions, refuseProblems } from '../option-names.js';
import { sharedOptionProblems } from '../run/option-problems.js';
import { folderProblem } from '../store/folder-problem.js';
import { configurationProblems } from './configuration-problems.js';
import { defaultRetries, type EvalRetries, handedOutDeaths } from './retries.js';
import type { EvalOptions } from './eval-options.js';
import type { SampleJobOptions } from './run-sample-job.js';

/** What may happen at the same time, over all tasks. `Infinity` is no bound. */
export interface EvalConcurrency {
  /** Samples under way. Default: 4. */
  readonly tasks: number;
  /** Starts of computers until they are ready, whatever they are for, image pulls included. Default: no bound. */
  readonly starts: number;
  /**
   * Images being fetched, ahead of their use or in a start, over all machines. A start that waits for one does so within
   * `startMs`. Default: no bound.
   */
  readonly pulls: number;
  /** Samples in grading. Default: no bound. */
  readonly grading: number;
  /** Calls to models, by the agents of this package and those that use `modelGate`. Default: no bound. */
  readonly modelCalls: number;
  /** Commands in all computers. Default: no bound. */
  readonly commands: number;
  /** Commands in one computer. Default: no bound. */
  readonly commandsPerComputer: number;
}

export const evalConcurrencyDefaults: EvalConcurrency = {
  tasks: 4,
  starts: Infinity,
  pulls: Infinity,
  grading: Infinity,
  modelCalls: Infinity,
  commands: Infinity,
  commandsPerComputer: Infinity,
};

/** What a run works by: every option with its effective value, to be printed or kept. */
export interface EvalPlan {
  readonly tasks: number;
  readonly epochs: number;
  readonly samples: number;
  readonly availableDollars: number;
  readonly concurrency: EvalConcurrency;
  readonly retries: Omit<EvalRetries, 'decide'>;
  /** Samples whose error ends the run. `Infinity`: the run goes on whatever happens. */
  readonly errorsAllowed: number;
}

const bound = z.union([z.number().int().positive(), z.literal(Infinity)]);
const optionsSchema = z.object({
  epochs: z.number().int().positive(),
  concurrency: z.object({
    tasks: bound,
    starts: bound,
    pulls: bound,
    grading: bound,
    modelCalls: bound,
    commands: bound,
    commandsPerComputer: bound,
  }),
  retries: z.object({
    attempts: z.number().int().nonnegative(),
    gradings: z.number().int().nonnegative(),
    deaths: bound,
    waitMs: z.number().nonnegative(),
    maxWaitMs: z.number().nonnegative(),
    decide: z.custom<EvalRetries['decide']>((value) => typeof value === 'function', 'must be a function'),
  }),
  failOnError: z.union([z.boolean(), z.number().positive()]),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .optional(),
  keepEvents: z.enum(['all', 'no-output', 'none']).optional(),
  keepFreeBytes: z.number().nonnegative().optional(),
  keepArtifacts: z
    .union([
      z.boolean(),
      z.strictObject({
        maxFiles: z.number().int().nonnegative().optional(),
        maxBytes: z.number().nonnegative().optional(),
        maxFileBytes: z.number().nonnegative().optional(),
      }),
    ])
    .optional(),
  order: z
    .custom<EvalOptions['order']>(isOrder, "must be 'grouped', 'epochs', { longestFirst } or a function")
    .optional(),
});

const evalNames: OptionNames<EvalOptions> = {
  dataset: true,
  runtime: true,
  agent: true,
  computers: true,
  setups: true,
  scorer: true,
  grading: true,
  prompt: true,
  userTool: true,
  limits: true,
  deadlines: true,
  events: true,
  secrets: true,
  epochs: true,
  store: true,
  executor: true,
  concurrency: true,
  retries: true,
  failOnError: true,
  order: true,
  keepFreeBytes: true,
  name: true,
  runId: true,
  configuration: true,
  allowChanges: true,
  rerunErrors: true,
  keepEvents: true,
  keepArtifacts: true,
  labels: true,
  seed: true,
  signal: true,
};

function isOrder(value: unknown): boolean {
  if (typeof value === 'object')
    return value !== null && 'longestFirst' in value && value.longestFirst instanceof Map;
  return value === 'grouped' || value === 'epochs' || typeof value === 'function';
}

/** What only workers take. A run may be given the same options as they. */
const workerNames: OptionNames<Omit<SampleJobOptions, keyof EvalOptions>> = {
  transcript: true,
  onUsage: true,
  gates: true,
  recordBytes: true,
  sharedStore: true,
  lostUsage: true,
  checkpoint: true,
};

/** Checks the options and fills in the rest. @throws ConfigurationError naming each option that is wrong. */
export function planEval(
  options: EvalOptions,
  { handsOut = options.executor !== undefined }: { readonly handsOut?: boolean } = {},
): EvalPlan & { readonly retries: EvalRetries } {
  const { epochs = 1, failOnError = false } = options;
  const parsed = optionsSchema.safeParse({
    epochs,
    concurrency: concurrencyOf(options.concurrency),
    retries: {
      ...defaultRetries,
      ...(handsOut && { deaths: handedOutDeaths }),
      ...withoutUndefined(options.retries ?? {}),
    },
    failOnError,
    seed: options.seed,
    keepEvents: options.keepEvents,
    keepFreeBytes: options.keepFreeBytes,
    keepArtifacts: options.keepArtifacts,
    order: options.order,
  });
  refuseProblems('runEval', [
    ...unknownOptions(options, handsOut ? { ...evalNames, ...workerNames } : evalNames),
    ...concurrencyProblems(options.concurrency, 'concurrency'),
    ...unknownOptions(options.retries, optionsSchema.shape.retries.shape, 'retries'),
    ...storeProblems(options.store),
    ...labelProblems(options.labels),
    ...configurationProblems(options),
    ...sharedOptionProblems(options),
    ...issuesOf(parsed),
  ]);
  // Its issues are among the problems.
  if (!parsed.success) throw parsed.error;
  if (options.store === undefined && (options.keepArtifacts ?? false) !== false) {
    throw new ConfigurationError('`keepArtifacts` needs a `store` to keep them in.');
  }
  for (const task of options.dataset) options.scorer?.check?.(task);
  const tasks = [...options.dataset].length;
  const samples = tasks * parsed.data.epochs;
  return {
    tasks,
    epochs: parsed.data.epochs,
    samples,
    availableDollars: options.dataset.totals().dollars * parsed.data.epochs,
    concurrency: parsed.data.concurrency,
    retries: parsed.data.retries,
    errorsAllowed: errorsAllowed(parsed.data.failOnError, samples),
  };
}

function concurrencyOf(given: EvalOptions['concurrency']): EvalConcurrency {
  return { ...evalConcurrencyDefaults, ...withoutUndefined(boundsOf(given)) };
}

/** @throws ConfigurationError */
export function changedConcurrency(
  current: EvalConcurrency,
  change: EvalOptions['concurrency'],
): EvalConcurrency {
  const { concurrency } = optionsSchema.shape;
  const parsed = concurrency.safeParse({ ...current, ...withoutUndefined(boundsOf(change)) });
  const problems = [...concurrencyProblems(change), ...issuesOf(parsed)];
  if (problems.length > 0)
    throw new ConfigurationError(`This concurrency is not possible: ${problems.join('; ')}.`);
  // Its issues are among the problems.
  if (!parsed.success) throw parsed.error;
  return parsed.data;
}

function storeProblems(store: unknown): readonly string[] {
  const problem = store === undefined ? undefined : folderProblem(store, 'store');
  return problem === undefined ? [] : [problem];
}

function boundsOf(given: EvalOptions['concurrency']): Partial<EvalConcurrency> {
  return typeof given === 'number' ? { tasks: given } : (given ?? {});
}

/** @param group as in `unknownOptions`. */
function concurrencyProblems(given: unknown, group?: string): readonly string[] {
  if (given === undefined || typeof given === 'number') return [];
  if (typeof given === 'object' && given !== null && !Array.isArray(given))
    return unknownOptions(given, optionsSchema.shape.concurrency.shape, group);
  return [`\`concurrency\` is ${inspect(given)}; give a number of tasks, or an object of bounds`];
}

function issuesOf({ error }: { readonly error?: z.ZodError | undefined }): readonly string[] {
  return (error?.issues ?? []).map(({ path, message }) => `\`${path.join('.')}\`: ${message}`);
}

/** 0.07 of 100 samples are 7, whatever their product in floating point is. */
const rounding = 1e-9;

function errorsAllowed(failOnError: boolean | number, samples: number): number {
  if (failOnError === false) return Infinity;
  if (failOnError === true) return 1;
  return failOnError < 1 ? Math.max(1, Math.ceil(failOnError * samples - rounding)) : Math.floor(failOnError);
}

function withoutUndefined<T extends object>(values: T): T {
  // Only entries with a value are kept, which every optional property allows.
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
