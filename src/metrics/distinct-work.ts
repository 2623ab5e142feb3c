import type { ResultRecord } from '../result/task-result.js';

/**
 * One record for each time an agent worked: work that was graded several times was paid for once. The attempt that did it
 * may be missing where its process died, so its gradings are told apart from it by `workOf` alone.
 */
export function distinctWork(attempts: readonly ResultRecord[]): readonly ResultRecord[] {
  const key = ({ taskId, epoch }: ResultRecord, attempt: number) => JSON.stringify([taskId, epoch, attempt]);
  const paid = new Set(
    attempts.filter(({ workOf }) => workOf === undefined).map((record) => key(record, record.attempt)),
  );
  return attempts.filter((record) => {
    if (record.workOf === undefined) return true;
    const work = key(record, record.workOf);
    if (paid.has(work)) return false;
    paid.add(work);
    return true;
  });
}
