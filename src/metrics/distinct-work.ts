import type { ResultRecord } from '../result/task-result.js';

/** One record for each time an agent worked: work that was graded several times was paid for once. */
export function distinctWork(attempts: readonly ResultRecord[]): readonly ResultRecord[] {
  const seen = new Set<string>();
  return attempts.filter(({ taskId, epoch, attempt, workOf }) => {
    const key = JSON.stringify([taskId, epoch, workOf ?? attempt]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
