import { toErrorRecord } from '../errors.js';
import type { Score } from '../scorer/scorer.js';
import type { Attempt } from './attempt.js';
import { TaskCancelledError } from './errors.js';
import type { TaskResult } from '../result/task-result.js';

/** Turns how an attempt ended into its result, and says so. */
export function finishAttempt(attempt: Attempt, ending: Score | { readonly thrown: unknown }): TaskResult {
  const result = resultOf(attempt, ending);
  attempt.events.emit('task.finished', {
    status: result.status,
    earnedDollars: result.earned,
    durationMs: result.durationMs,
    ...(result.status === 'scored' && { outcome: result.outcome }),
  });
  return result;
}

function resultOf(attempt: Attempt, ending: Score | { readonly thrown: unknown }): TaskResult {
  const common = attempt.common();
  if ('thrown' in ending) {
    const { thrown } = ending;
    if (thrown instanceof TaskCancelledError)
      return { ...common, status: 'cancelled', earned: 0, reason: thrown.message };
    return { ...common, status: 'error', earned: 0, error: toErrorRecord(thrown) };
  }
  return {
    ...common,
    status: 'scored',
    outcome: ending.outcome,
    passed: ending.value === 1,
    score: ending.value,
    earned: common.available * ending.value,
    explanation: ending.explanation,
    tries: [...ending.tries],
    scoreMetadata: ending.metadata && { ...ending.metadata },
  };
}
