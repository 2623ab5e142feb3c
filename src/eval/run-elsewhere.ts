import type { Task } from '../dataset/task.js';
import type { ConfigurationError } from '../errors.js';
import type { EventScope } from '../events/event-scope.js';
import type { TaskResult } from '../result/task-result.js';
import type { AttemptKey } from '../store/sample-key.js';
import type { EvalStore } from './eval-store.js';
import { sampleJob } from './next-attempt.js';
import { outcomeResult, refusalError } from './outcome-result.js';
import type { SampleExecutor } from './sample-executor.js';
import { type SampleRecords, unpack } from './sample-records.js';
import type { RunIdentity, SampleOutcome } from './sample-job.js';

export interface Elsewhere {
  readonly executor: SampleExecutor;
  readonly run: RunIdentity;
  /** Told when a worker was started for another run. The attempt ends, and this run has to. */
  readonly onRefused: (error: ConfigurationError) => void;
}

export interface DoneElsewhere {
  readonly result: TaskResult;
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
    if (outcome !== undefined) {
      result = outcomeResult(outcome, task, run);
      await keepWork(store, key, outcome);
      const refusal = refusalError(outcome.type === 'refused' ? [outcome] : []);
      if (refusal !== undefined) onRefused(refusal);
      return { result, outcome };
    }
    return undefined;
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
 * Keeps what the attempt said and did, as far as it came along. Gives what is to be said of the rest.
 * @throws StoreError
 */
export async function keepRecords(
  store: EvalStore,
  key: AttemptKey,
  outcome: SampleOutcome,
  { keepsEvents }: { readonly keepsEvents: boolean },
): Promise<readonly string[]> {
  if (outcome.type !== 'result' || outcome.records === undefined) return [];
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
    events: keepsEvents ? await unpacked(events) : undefined,
  });
  return notes;
}

/** What has no score yet is there for the next attempt. */
export async function keepWork(store: EvalStore, key: AttemptKey, outcome: SampleOutcome): Promise<void> {
  if (outcome.type === 'failed' || outcome.work === undefined) return;
  if (store.state(key).collected !== key.attempt) await store.collected(key, outcome.work);
}
