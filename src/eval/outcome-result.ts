import type { Task } from '../dataset/task.js';
import { ConfigurationError } from '../errors.js';
import type { CancelledResult, ErrorResult, TaskResult, UngradedResult } from '../result/task-result.js';
import type { RefusedOutcome, RunIdentity, SampleJobKey, SampleOutcome } from './sample-job.js';

/** What an outcome says of its sample. An attempt that was refused ends as one that was cancelled: another one follows. */
export function outcomeResult(outcome: SampleOutcome, task: Task, run: RunIdentity): TaskResult {
  switch (outcome.type) {
    case 'result':
      return outcome.result;
    case 'failed':
      return { ...failedResult(outcome, task, run, outcome.error), lostUsage: outcome.lostUsage };
    case 'refused':
      return refusedResult(outcome, task, run);
  }
}

function refusedResult(outcome: RefusedOutcome, task: Task, run: RunIdentity): CancelledResult {
  const { work = unknownResult(outcome, task, run), lostUsage, reason } = outcome;
  return { ...work, status: 'cancelled', reason: `A worker refused it: ${reason}`, lostUsage };
}

/** What is told of workers that refused what they were given. Undefined where none did. */
export function refusalError(refused: readonly RefusedOutcome[]): ConfigurationError | undefined {
  const [first, ...others] = refused;
  if (first === undefined) return undefined;
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return new ConfigurationError(
    `A worker refused task ${first.taskId}${more}, since it was started for another run: ${first.reason}. Start it with the options of this one, and run again to continue.`,
  );
}

/** An attempt of which nothing is known but that it has no result. */
export function failedResult(
  key: SampleJobKey,
  task: Task,
  run: RunIdentity,
  error: ErrorResult['error'],
): TaskResult {
  return { ...unknownResult(key, task, run), status: 'error', error };
}

function unknownResult(
  { runId, taskId, epoch, attempt }: SampleJobKey,
  task: Task,
  { agent, scorer, configuration }: RunIdentity,
): UngradedResult {
  return {
    schema: 1,
    runId,
    taskId,
    variant: task.variant,
    title: task.title,
    split: task.split,
    agent,
    scorer,
    epoch,
    attempt,
    grading: configuration['grading'] === 'in-place' ? 'in-place' : 'fresh',
    available: task.price,
    earned: 0,
    startedAt: new Date().toISOString(),
    durationMs: 0,
    phases: {},
    usage: {},
    warnings: [],
  };
}
