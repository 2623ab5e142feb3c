import type { ResultRecord } from '../result/task-result.js';

/** Tasks in the order of their ids here, and the epochs of a task one after another. */
export function inDatasetOrder(
  records: Iterable<ResultRecord>,
  taskIds: readonly string[],
): readonly ResultRecord[] {
  const place = new Map(taskIds.map((id, index) => [id, index]));
  const placeOf = ({ taskId }: ResultRecord) => place.get(taskId) ?? place.size;
  return [...records].sort((a, b) => placeOf(a) - placeOf(b) || a.epoch - b.epoch);
}
