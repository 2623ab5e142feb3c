import type { ResultRecord } from '../../result/task-result.js';
import type { AttemptRecord } from '../../store/journal-record.js';
import type { DescribedTask } from '../../store/run-description.js';
import { priceBand } from '../../metrics/price-band.js';
import type { ReportData } from '../report-data.js';

/** Everything a row of the table is made from. */
export interface TaskRow {
  readonly task: DescribedTask;
  readonly band: string;
  /** The result of each epoch, in their order; undefined where there is none yet. */
  readonly samples: readonly (ResultRecord | undefined)[];
  /** Retried ones included, in the order of epochs and attempts. */
  readonly attempts: readonly ResultRecord[];
}

/** One row for each task of the run, results or not, in the dataset's order. */
export function taskRows({ description, records, attempts }: ReportData): readonly TaskRow[] {
  const samples = new Map(records.map((record) => [`${record.epoch}:${record.taskId}`, record]));
  const attemptsOf = new Map<string, ResultRecord[]>();
  for (const { result } of lastOfEach(attempts)) {
    const known = attemptsOf.get(result.taskId);
    if (known === undefined) attemptsOf.set(result.taskId, [result]);
    else known.push(result);
  }
  return description.dataset.tasks.map((task) => ({
    task,
    band: priceBand(task.price),
    samples: Array.from({ length: description.epochs }, (_, index) => samples.get(`${index + 1}:${task.id}`)),
    attempts: (attemptsOf.get(task.id) ?? []).sort((a, b) => a.epoch - b.epoch || a.attempt - b.attempt),
  }));
}

/** An attempt that a journal tells of twice has one folder. */
function lastOfEach(attempts: readonly AttemptRecord[]): Iterable<AttemptRecord> {
  return new Map(
    attempts.map((record) => [`${record.epoch}:${record.attempt}:${record.taskId}`, record]),
  ).values();
}

/** The sum over what is known, and whether that is all. Undefined where nothing is. */
export function knownSum(
  values: readonly (number | undefined)[],
): { readonly sum: number; readonly whole: boolean } | undefined {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return undefined;
  return { sum: known.reduce((total, value) => total + value, 0), whole: known.length === values.length };
}
