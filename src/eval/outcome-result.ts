import type { Task } from '../dataset/task.js';
import { ConfigurationError } from '../errors.js';
import type { ErrorResult, TaskResult } from '../result/task-result.js';
import type { RunIdentity, SampleJobKey, SampleOutcome } from './sample-job.js';

/** What an outcome says of its sample. @throws ConfigurationError where the worker was not given what the run is about. */
export function outcomeResult(outcome: SampleOutcome, task: Task, run: RunIdentity): TaskResult {
  switch (outcome.type) {
    case 'result':
      return outcome.result;
    case 'failed':
      return { ...failedResult(outcome, task, run, outcome.error), lostUsage: outcome.lostUsage };
    case 'refused':
      throw new ConfigurationError(
        `A worker refused task ${task.id}, since it was started for another run: ${outcome.reason}. Start it with the options of this one, and run again to continue.`,
      );
  }
}

/** An attempt of which nothing is known but that it has no result. */
export function failedResult(
  { runId, taskId, epoch, attempt }: SampleJobKey,
  task: Task,
  { agent, scorer, configuration }: RunIdentity,
  error: ErrorResult['error'],
): TaskResult {
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
    status: 'error',
    error,
  };
}
