import type { Task } from '../dataset/task.js';
import type { ConfigurationError } from '../errors.js';
import type { EventScope } from '../events/event-scope.js';
import type { TaskResult } from '../result/task-result.js';
import { usageSum } from '../result/usage-sum.js';
import type { AttemptKey } from '../store/sample-key.js';
import type { EvalStore } from './eval-store.js';
import { sampleJob } from './next-attempt.js';
import { outcomeResult, refusalError } from './outcome-result.js';
import type { SampleExecutor } from './sample-executor.js';
import { type SampleRecords, unpack } from './sample-records.js';
import type { RunIdentity, SampleOutcome, UnfinishedOutcome } from './sample-job.js';

export interface Elsewhere {
  readonly executor: SampleExecutor;
  readonly run: RunIdentity;
  /** Told when a worker was started for another run. The attempt ends, and this run has to. */
  readonly onRefused: (error: ConfigurationError) => void;
}

export interface DoneElsewhere {
  /** Undefined where it is to be asked for again, and something of it is there already. */
  readonly result: TaskResult | undefined;
  readonly outcome: SampleOutcome;
}

interface Surroundings {
  readonly store: EvalStore;
  readonly signal: AbortSignal;
  readonly events: EventScope;
}

/** Has an attempt run by an executor. Nothing where the signal fired before there was a result: it is asked for again. */
export async function runElsewhere(
  task: Task,
  key: AttemptKey,
  { executor, run, onRefused }: Elsewhere,
  { store, signal, events }: Surroundings,
): Promise<DoneElsewhere | undefined> {
  const span = events.within(key).span();
  const startedAt = performance.now();
  span.emit('task.started', { variant: task.variant, priceDollars: task.price, title: task.title });
  let result: TaskResult | undefined;
  try {
    const job = await sampleJob(store, key, events.context.runId ?? '', run, events);
    const outcome = await executor.run(job, { signal });
    if (outcome === undefined) return undefined;
    await keepWork(store, key, outcome);
    if (outcome.type === 'unfinished') {
      await keepSpending(store, key, outcome);
      return { result, outcome };
    }
    result = outcomeResult(outcome, task, run);
    const refusal = refusalError(outcome.type === 'refused' ? [outcome] : []);
    if (refusal !== undefined) onRefused(refusal);
    return { result, outcome };
  } finally {
    span.emit('task.finished', {
      status: result?.status ?? 'cancelled',
      earnedDollars: result?.earned ?? 0,
      durationMs: result?.durationMs ?? Math.round(performance.now() - startedAt),
      ...(result?.status === 'scored' && { outcome: result.outcome }),
    });
  }
}

/**
 * Keeps what the attempt said and did, as far as it came along; events only of one that tells them to its end. Gives what is
 * to be said of the rest.
 * @throws StoreError
 */
export async function keepRecords(
  store: EvalStore,
  key: AttemptKey,
  outcome: SampleOutcome,
  { keepsEvents }: { readonly keepsEvents: boolean },
): Promise<readonly string[]> {
  if (outcome.records === undefined) return [];
  const { transcript, events, leftOut = [] } = outcome.records;
  const notes = leftOut.map(
    (name) => `The ${name} of the attempt did not fit into its job, and stayed away.`,
  );
  const unpacked = async (packed: SampleRecords['transcript']) => {
    try {
      return packed && (await unpack(packed));
    } catch {
      notes.push('What a worker sent of the attempt cannot be unpacked.');
      return undefined;
    }
  };
  await store.recorded(key, {
    transcript: await unpacked(transcript),
    events: keepsEvents && outcome.type === 'result' ? await unpacked(events) : undefined,
  });
  return notes;
}

/** What has no score yet is there for the next attempt. */
export async function keepWork(store: EvalStore, key: AttemptKey, outcome: SampleOutcome): Promise<void> {
  if (outcome.work === undefined) return;
  if (store.state(key).collected !== key.attempt) await store.collected(key, outcome.work);
}

/** Keeps what an attempt has spent that goes on without this process, until a result tells it. */
export async function keepSpending(
  store: EvalStore,
  { taskId, epoch, attempt }: AttemptKey,
  { spent, work }: UnfinishedOutcome,
): Promise<void> {
  if (spent.length === 0 && work === undefined) return;
  // Also where it is nothing: what an earlier session knew as lost is in the work by now.
  const lost = spent.length === 0 ? { costDollars: 0 } : usageSum(spent);
  await store.spent([{ taskId, epoch, attempt, lost }]);
}
