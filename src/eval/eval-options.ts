import type { ComputerRuntime } from '../computer/computer-interface.js';
import type { Dataset } from '../dataset/dataset.js';
import type { TaskLabels } from '../dataset/task-labels.js';
import type { RunTaskOptions } from '../run/run-task-options.js';
import type { ArtifactCaps } from '../swelancer/grading/round-artifacts.js';
import type { SharedSetups } from '../swelancer/shared-setups.js';
import type { EvalConcurrency } from './eval-plan.js';
import type { EvalRetries } from './retries.js';
import type { SampleExecutor } from './sample-executor.js';
import type { SampleOrder } from './sample-order.js';

/** What each task of an evaluation is run with, as `runTask` takes it. */
type TaskOptions = Pick<
  RunTaskOptions,
  | 'agent'
  | 'computers'
  | 'scorer'
  | 'grading'
  | 'prompt'
  | 'userTool'
  | 'limits'
  | 'deadlines'
  | 'events'
  | 'secrets'
>;

export interface EvalOptions extends TaskOptions {
  /** What is to be done. Select with its own methods: `dataset.limit(10)`, `dataset.select(ids)`. */
  readonly dataset: Dataset;
  readonly runtime: ComputerRuntime;
  /** How often each task is done, independently of each other. Default: 1. */
  readonly epochs?: number | undefined;
  /**
   * The run's folder. A run that was interrupted goes on where it was. Default: none; results are in memory only and gone
   * with the process.
   */
  readonly store?: string | undefined;
  /**
   * Where attempts run: `bullmqExecutor` of `swelancer/bullmq`, for workers on any number of machines. They are given the
   * same options as the run; of those, `runtime`, `secrets` and what else belongs to running an attempt are used there
   * only. `concurrency.tasks` is how many are handed out at a time; other bounds are each worker's. Default: in this process.
   */
  readonly executor?: SampleExecutor | undefined;
  /** What may happen at the same time. A number is for tasks. Default: 4 tasks, and nothing else bounded. */
  readonly concurrency?: number | Partial<EvalConcurrency> | undefined;
  readonly retries?: Partial<EvalRetries> | undefined;
  /**
   * Ends the run when so many samples have ended with an error; below 1, this share of all samples; `true` is 1. Errors of
   * earlier sessions of the store count, unless `rerunErrors` begins them anew. Default: `false`, which goes on and reports.
   */
  readonly failOnError?: boolean | number | undefined;
  /**
   * Default: `grouped`; where a run goes on, with what took longest first, as far as its folder tells. That goes before what an
   * earlier run told for `longestFirst`.
   */
  readonly order?: SampleOrder | undefined;
  /**
   * Bytes of disk to keep free by removing images that this run has fetched, after their last use. Where the runtime fetches
   * images and sees the disk. Default: 30 GiB, two of the published images.
   */
  readonly keepFreeBytes?: number | undefined;
  /** For people. Default: the agent's name. */
  readonly name?: string | undefined;
  /** Default: a fresh id, or the store's. */
  readonly runId?: string | undefined;
  /**
   * What else decides what the results mean, such as the model and its settings. A store refuses to go on with another.
   * Refused are names that the run gives its own settings in `run.json`, such as `limits`, and what JSON would change, such as
   * `Infinity`, a `Date` or `undefined` in a list; properties that are `undefined` count as absent.
   */
  readonly configuration?: Readonly<Record<string, Json>> | undefined;
  /**
   * Where set-ups are shared with other runs of this process: `sharedSetups({ keep })`. The run releases each task there and
   * leaves the rest to you. Default: a place of its own, gone with it.
   */
  readonly setups?: SharedSetups | undefined;
  /** Goes on with a store although dataset, agent or configuration are not what they were. Default: false. */
  readonly allowChanges?: boolean | undefined;
  /** Does samples again which an error ended, in this run's earlier sessions. Default: false. */
  readonly rerunErrors?: boolean | undefined;
  /** Keeps each attempt's events in the store. `no-output` leaves out what commands, models and tools print. Default: `all`. */
  readonly keepEvents?: 'all' | 'no-output' | 'none' | undefined;
  /**
   * Keeps in the store what each round of tests leaves to be looked at, where the layout says that there is something:
   * recordings, screenshots, logs of the app's server. `true` for the default caps. Default: `false`.
   */
  readonly keepArtifacts?: boolean | ArtifactCaps | undefined;
  /** For the summary's breakdown by category. */
  readonly labels?: TaskLabels | undefined;
  /** Of the bootstrap intervals. Default: the metrics' own. */
  readonly seed?: number | undefined;
  /** Cancels the run. */
  readonly signal?: AbortSignal | undefined;
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
