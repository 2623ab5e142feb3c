import type { Task } from '../dataset/task.js';
import type { TaskLabels } from '../dataset/task-labels.js';
import { compareRuns, type RunComparison } from '../metrics/compare-runs.js';
import type { RunSummary } from '../metrics/run-summary-schema.js';
import type { BootstrapOptions } from '../metrics/statistics/bootstrap.js';
import type { ResultRecord } from '../result/task-result.js';
import type { AttemptRecord } from '../store/journal-record.js';
import type { RunDescription } from '../store/run-description.js';
import { StoredRun } from '../store/stored-run.js';
import type { UnfinishedAttempt } from '../store/unfinished-attempts.js';
import { readRun } from './read-run.js';

export interface ReportDataOptions extends BootstrapOptions {
  /** The tasks of the run, for the baselines of manager tasks. A `Dataset` will do. Default: none. */
  readonly tasks?: Iterable<Task> | undefined;
  /** What `readTaskLabels` read, for figures by label. Default: none. */
  readonly labels?: TaskLabels | undefined;
  /** An earlier run to compare with, or its folder. Default: none. */
  readonly base?: StoredRun | string | undefined;
}

/** What the short files say a run was: everything but the long texts. */
export interface ReportData {
  readonly description: RunDescription;
  /** The result of each finished sample, tasks in the dataset's order. */
  readonly records: readonly ResultRecord[];
  /** Every attempt in the order in which they ended. */
  readonly attempts: readonly AttemptRecord[];
  /** Attempts without a result, and what they had spent: `StoredRun.unfinishedAttempts`. */
  readonly unfinished: readonly UnfinishedAttempt[];
  readonly summary: RunSummary;
  readonly base?: { readonly description: RunDescription; readonly comparison: RunComparison } | undefined;
}

/** Reads a run for all files of its report, even while it goes on. */
export async function readReportData(run: StoredRun, options: ReportDataOptions = {}): Promise<ReportData> {
  const { base, ...figures } = options;
  const found = await readRun(run, figures);
  return {
    description: run.description,
    ...found,
    base: base === undefined ? undefined : await compareWith(base, found.records, options),
  };
}

async function compareWith(
  base: StoredRun | string,
  records: readonly ResultRecord[],
  options: BootstrapOptions,
): Promise<ReportData['base']> {
  const run = typeof base === 'string' ? await StoredRun.open(base) : base;
  return { description: run.description, comparison: compareRuns(await run.records(), records, options) };
}
