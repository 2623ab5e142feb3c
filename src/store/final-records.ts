import type { ResultRecord } from '../result/task-result.js';
import { inDatasetOrder } from './in-dataset-order.js';
import type { AttemptRecord } from './journal-record.js';
import type { RunDescription } from './run-description.js';
import { sampleKeyText } from './sample-key.js';

/** The result of each sample that is finished, tasks in the dataset's order: of one that was begun anew the last. */
export async function finalRecords(
  attempts: AsyncIterable<AttemptRecord> | Iterable<AttemptRecord>,
  { dataset }: RunDescription,
): Promise<readonly ResultRecord[]> {
  const finished = new Map<string, ResultRecord>();
  for await (const { final, result } of attempts) {
    if (final) finished.set(sampleKeyText(result), result);
  }
  return inDatasetOrder(
    finished.values(),
    dataset.tasks.map(({ id }) => id),
  );
}
