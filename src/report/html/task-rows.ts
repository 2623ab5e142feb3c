import type { ResultRecord } from '../../result/task-result.js';
import type { DescribedTask } from '../../store/run-description.js';
import { attemptKeyText, type SampleKey } from '../../store/sample-key.js';
import { costSummary } from '../../metrics/cost-summary.js';
import { groupBy } from '../../metrics/group-by.js';
import { priceBand } from '../../metrics/price-band.js';
import type { CostSummary } from '../../metrics/run-summary-schema.js';
import type { ReportData } from '../report-data.js';

/** Everything a row of the table is made from. */
export interface TaskRow {
  readonly task: DescribedTask;
  readonly band: string;
  /** The result of each epoch, in their order; undefined where there is none yet. */
  readonly samples: readonly (ResultRecord | undefined)[];
  /** Retried ones included, in the order of epochs and attempts. */
  readonly attempts: readonly ResultRecord[];
  /** Of all attempts, those without a result too. */
  readonly cost: CostSummary;
}

/** One row for each task of the run, results or not, in the dataset's order. */
export function taskRows({ description, records, attempts, unfinished }: ReportData): readonly TaskRow[] {
  const samples = new Map(records.map((record) => [`${record.epoch}:${record.taskId}`, record]));
  const byTask = ({ taskId }: SampleKey) => taskId;
  const ended = groupBy(
    attempts.map(({ result }) => result),
    byTask,
  );
  const unended = groupBy(unfinished, byTask);
  return description.dataset.tasks.map((task) => {
    const results = Array.from({ length: description.epochs }, (_, index) =>
      samples.get(`${index + 1}:${task.id}`),
    );
    const all = ended.get(task.id) ?? [];
    return {
      task,
      band: priceBand(task.price),
      samples: results,
      attempts: lastOfEach(all).toSorted((a, b) => a.epoch - b.epoch || a.attempt - b.attempt),
      cost: costSummary(
        results.flatMap((result) => result ?? []),
        all,
        unended.get(task.id),
      ),
    };
  });
}

/** An attempt that a journal tells of twice has one folder. */
function lastOfEach(attempts: readonly ResultRecord[]): readonly ResultRecord[] {
  return [...new Map(attempts.map((record) => [attemptKeyText(record), record])).values()];
}
