import { toErrorRecord } from '../errors.js';
import type { Score } from '../scorer/scorer.js';
import type { Attempt } from './attempt.js';
import { type TaskResult, taskResultSchema } from '../result/task-result.js';
import { AgentError, TaskCancelledError } from './errors.js';

/** Turns how an attempt ended into its result, and says so. */
export function finishAttempt(attempt: Attempt, ending: Score | { readonly thrown: unknown }): TaskResult {
  const result = validResult(attempt, resultOf(attempt, ending));
  attempt.events.emit('task.finished', {
    status: result.status,
    earnedDollars: result.earned,
    durationMs: result.durationMs,
    ...(result.status === 'scored' && { outcome: result.outcome }),
  });
  return result;
}

/** A result that nobody could keep would end a run: it becomes an error that says what is wrong with it. */
function validResult(attempt: Attempt, result: TaskResult): TaskResult {
  const parsed = taskResultSchema.safeParse(result);
  if (parsed.success) return result;
  const common = { ...attempt.common(), message: undefined, agentMetadata: undefined, answer: undefined };
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  const error = new AgentError(
    `The result of task ${common.taskId} cannot be kept: ${problems.join('; ')}.`,
    {
      phase: 'solve',
    },
  );
  return { ...common, usage: {}, status: 'error', earned: 0, error: toErrorRecord(error) };
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
    status: 'scored',
    outcome: ending.outcome,
    passed: ending.value === 1,
    score: ending.value,
    earned: common.available * ending.value,
    explanation: ending.explanation,
    tries: [...ending.tries],
    scoreMetadata: ending.metadata && { ...ending.metadata },
    ...common,
  };
}
