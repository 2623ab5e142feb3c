import { ConfigurationError } from '../errors.js';
import { RunStore } from '../store/run-store.js';
import { imageName } from '../swelancer/image-name.js';
import { describeRun, runIdentity } from './describe-run.js';
import type { EvalOptions } from './eval-options.js';
import { planEval } from './eval-plan.js';
import { knownOrder } from './known-order.js';
import { nextAttempt, sampleJob } from './next-attempt.js';
import { outcomeResult, refusalError } from './outcome-result.js';
import { endedByDeaths } from './process-deaths.js';
import { judge } from './retries.js';
import { keepRecords, keepSpending, keepWork } from './run-elsewhere.js';
import {
  type RefusedOutcome,
  type SampleJob,
  sampleJobId,
  type SampleJobKey,
  type SampleOutcome,
  sampleOutcomeSchema,
} from './sample-job.js';
import { orderSamples } from './sample-order.js';

/** An evaluation in a batch system: jobs are handed out all at once, and their outcomes collected by another process. */
export interface BatchOptions extends Omit<EvalOptions, 'executor' | 'events' | 'signal' | 'concurrency'> {
  /** The run's folder. */
  readonly store: string;
}

/**
 * One job for every sample that is not finished, first those of one image. An attempt that was handed out and has not come
 * back is handed out again under the same id, up to `retries.deaths` times in all; then the sample ends with an error. What
 * cannot be handed out is to be given back by `giveBackJobs`. New ones are begun in the store. Where kept work cannot be read, the journal says so and the agent works again.
 * @throws StoreError, ConfigurationError
 */
export async function pendingJobs(options: BatchOptions): Promise<readonly SampleJob[]> {
  const { dataset, computers, rerunErrors = false } = options;
  const plan = planEval(options, { handsOut: true });
  const run = runIdentity(options);
  const store = await openStore(options);
  try {
    const samples = orderSamples({
      tasks: [...dataset],
      epochs: plan.epochs,
      order: await knownOrder(options),
      imageOf: (task) => computers?.image ?? imageName(task, computers?.images),
    });
    const jobs: SampleJob[] = [];
    for (const { task, epoch } of samples) {
      const sample = { taskId: task.id, epoch };
      const { finished, failed } = store.state(sample);
      if (finished && !(failed && rerunErrors)) continue;
      const { runId } = store.description;
      const most = plan.retries.deaths;
      if ((await endedByDeaths(store, { task, epoch }, { runId, run, most })) !== undefined) continue;
      const { key } = nextAttempt(store, sample, true);
      // Again where it has not come back: so often has it been handed out.
      await store.started(key);
      jobs.push(await sampleJob(store, key, runId, run));
    }
    return jobs;
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

/**
 * Puts back what `pendingJobs` has given and nobody got, where a batch system would not take it say: it does not count as an
 * attempt that died, and is handed out again under the same id. Where somebody has it after all, its outcome counts as ever.
 * @throws StoreError. ConfigurationError where a job is of another run; then nothing is put back.
 */
export async function giveBackJobs(jobs: readonly SampleJobKey[], options: BatchOptions): Promise<void> {
  const store = await openStore(options);
  try {
    const { runId } = store.description;
    const foreign = jobs.find((job) => job.runId !== runId);
    if (foreign !== undefined)
      throw new ConfigurationError(
        `The job of task ${foreign.taskId} is of the run ${foreign.runId}, and ${options.store} holds the run ${runId}. Give it back to the folder it is from.`,
      );
    for (const job of jobs) {
      const { attempts, ended, returned } = store.state(job);
      if (job.attempt === attempts && !ended && !returned) await store.returned(job);
    }
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

/** What became of outcomes that were merged. */
export interface MergeReport {
  /** Samples that are finished by them. */
  readonly finished: number;
  /** Faults: `pendingJobs` hands these samples out again. */
  readonly again: number;
  /** Attempts that have not ended, of which work and spending are kept. */
  readonly unfinished: number;
  /** Outcomes that the store had already, or that came after the attempt's end. They change nothing. */
  readonly repeated: number;
  /** Outcomes that are not of this run or its tasks, whose parts are about different attempts, or that cannot be read. */
  readonly foreign: number;
  /** Outcomes whose transcript or events did not fit, or cannot be unpacked. */
  readonly incomplete: number;
}

/**
 * Puts outcomes into the run's store, each once however often it is given: a merge that was cut off is made again whole.
 * @throws StoreError. ConfigurationError where workers were started for another run, once all outcomes are in the store: what
 * they refused is among the next `pendingJobs`, under new ids.
 */
export async function mergeOutcomes(
  outcomes: Iterable<unknown> | AsyncIterable<unknown>,
  options: BatchOptions,
): Promise<MergeReport> {
  const plan = planEval(options, { handsOut: true });
  const run = runIdentity(options);
  const report = { finished: 0, again: 0, unfinished: 0, repeated: 0, foreign: 0, incomplete: 0 };
  const refused: RefusedOutcome[] = [];
  const store = await openStore(options);
  try {
    for await (const given of outcomes) {
      const outcome = read(given);
      if (
        outcome?.runId !== store.description.runId ||
        !options.dataset.has(outcome.taskId) ||
        !isOfOneAttempt(outcome)
      ) {
        report.foreign++;
        continue;
      }
      const { taskId, epoch, attempt } = outcome;
      const key = { taskId, epoch, attempt };
      const { attempts, ended, faults } = store.state(key);
      if (ended || attempt !== attempts) {
        report.repeated++;
        continue;
      }
      if (outcome.type === 'refused') refused.push(outcome);
      await keepWork(store, key, outcome);
      const keepsEvents = options.keepEvents !== 'none';
      if ((await keepRecords(store, key, outcome, { keepsEvents })).length > 0) report.incomplete++;
      if (outcome.type === 'unfinished') {
        await keepSpending(store, key, outcome);
        report.unfinished++;
        continue;
      }
      const result = outcomeResult(outcome, options.dataset.get(taskId), run);
      const graded = store.state(key).collected !== undefined;
      const { final } = judge(result, graded, faults, plan.retries);
      await store.finished(key, result, { final });
      report[final ? 'finished' : 'again']++;
    }
  } finally {
    await store[Symbol.asyncDispose]();
  }
  const refusal = refusalError(refused);
  if (refusal !== undefined) throw refusal;
  return report;
}

/** Whether what is in it is about the attempt it says it is of. */
function isOfOneAttempt(outcome: SampleOutcome): boolean {
  const id = sampleJobId(outcome);
  const { work } = outcome;
  const result = outcome.type === 'result' ? outcome.result : undefined;
  return [work, result].every((part) => part === undefined || sampleJobId(part) === id);
}

function openStore(options: BatchOptions): Promise<RunStore> {
  const { store: path, allowChanges } = options;
  return RunStore.open({ path, description: describeRun(options), allowChanges });
}

function read(given: unknown): SampleOutcome | undefined {
  const parsed = sampleOutcomeSchema.safeParse(given);
  return parsed.success ? parsed.data : undefined;
}
