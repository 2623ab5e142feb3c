import type { Task } from '../dataset/task.js';
import type { EventScope } from '../events/event-scope.js';
import type { TaskResult } from '../result/task-result.js';
import type { AttemptKey } from '../store/sample-key.js';
import type { EvalStore } from './eval-store.js';
import { sampleJob } from './next-attempt.js';
import { outcomeResult } from './outcome-result.js';
import type { SampleExecutor } from './sample-executor.js';
import type { RunIdentity, SampleOutcome } from './sample-job.js';

export interface Elsewhere {
  readonly executor: SampleExecutor;
  readonly run: RunIdentity;
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
  { executor, run }: Elsewhere,
  { store, signal, events }: Surroundings,
): Promise<TaskResult | undefined> {
  const span = events.within(key).span();
  const startedAt = performance.now();
  span.emit('task.started', { variant: task.variant, priceDollars: task.price, title: task.title });
  let result: TaskResult | undefined;
  try {
    const outcome = await executor.run(await sampleJob(store, key, events.context.runId ?? '', run), {
      signal,
    });
    if (outcome !== undefined) {
      result = outcomeResult(outcome, task, run);
      await keepWork(store, key, outcome);
    }
    return result;
  } finally {
    span.emit('task.finished', {
      status: result?.status ?? 'cancelled',
      earnedDollars: result?.earned ?? 0,
      durationMs: result?.durationMs ?? Math.round(performance.now() - startedAt),
      ...(result?.status === 'scored' && { outcome: result.outcome }),
    });
  }
}

/** What has no score yet is there for the next attempt. */
export async function keepWork(store: EvalStore, key: AttemptKey, outcome: SampleOutcome): Promise<void> {
  if (outcome.type !== 'result' || outcome.work === undefined) return;
  if (store.state(key).collected !== key.attempt) await store.collected(key, outcome.work);
}
