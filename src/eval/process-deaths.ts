import type { Task } from '../dataset/task.js';
import type { TaskResult } from '../result/task-result.js';
import type { AttemptKey } from '../store/sample-key.js';
import { processDied } from '../store/sample-state.js';
import type { EvalStore } from './eval-store.js';
import { failedResult } from './outcome-result.js';
import type { RunIdentity } from './sample-job.js';

/**
 * Ends a sample whose processes have died as often as may be, with an error that says so: an attempt of its own, since what
 * the dead ones had spent is theirs. Undefined where it may be begun again.
 * @throws StoreError
 */
export async function endedByDeaths(
  store: EvalStore,
  { task, epoch }: { readonly task: Task; readonly epoch: number },
  { runId, run, most }: { readonly runId: string; readonly run: RunIdentity; readonly most: number },
): Promise<TaskResult | undefined> {
  const sample = { taskId: task.id, epoch };
  const deaths = store.deaths(sample);
  if (deaths < most) return undefined;
  const key: AttemptKey = { ...sample, attempt: store.state(sample).attempts + 1 };
  const message = `The process that worked on the sample died ${deaths} times in a row, and it is not begun again. Look whether its attempts run out of memory or time; pass \`rerunErrors\` to try it again, or a higher \`retries.deaths\`.`;
  const error = { name: 'ProcessDiedError', code: processDied, message, retryable: false };
  const result = failedResult({ runId, ...key }, task, run, error);
  await store.started(key);
  await store.finished(key, result, { final: true });
  return result;
}
