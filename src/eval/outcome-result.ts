import type { Task } from '../dataset/task.js';
import { ConfigurationError } from '../errors.js';
import type { ErrorResult, TaskResult, UngradedResult } from '../result/task-result.js';
import type { EndedOutcome, RefusedOutcome, RunIdentity, SampleJobKey } from './sample-job.js';

/**
 * What an outcome says of its sample. An attempt that was refused or withdrawn ends as one that was cancelled: another one
 * follows.
 */
export function outcomeResult(outcome: EndedOutcome, task: Task, run: RunIdentity): TaskResult {
  if (outcome.type === 'result') return outcome.result;
  const { work = unknownResult(outcome, task, run), lostUsage } = outcome;
  switch (outcome.type) {
    case 'failed':
      return { ...work, status: 'error', error: outcome.error, lostUsage };
    case 'refused':
      return { ...work, status: 'cancelled', reason: `A worker refused it: ${outcome.reason}`, lostUsage };
    case 'withdrawn':
      return { ...work, status: 'cancelled', reason: 'It was cancelled while it waited.', lostUsage };
  }
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
