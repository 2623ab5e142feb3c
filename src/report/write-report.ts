import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { labelProblems } from '../dataset/label-problems.js';
import { type OptionNames, unknownOptions, refuseProblems } from '../option-names.js';
import { writeDurably } from '../store/durable-file.js';
import { StoredRun } from '../store/stored-run.js';
import { htmlReport } from './html/html-report.js';
import type { HtmlReportLimits } from './html/limits.js';
import { markdownReport } from './markdown.js';
import { plotFile } from './plots/plot.js';
import { runPlots } from './plots/run-plots.js';
import { readReportData, type ReportDataOptions } from './report-data.js';
import { resultsCsv } from './results-csv.js';
import { summaryJson } from './summary-json.js';

export interface ReportOptions extends ReportDataOptions {
  /** Folder for the files. Created where it is missing. Default: the run's own folder. */
  readonly into?: string | undefined;
  /** How much of the run the page holds. */
  readonly limits?: HtmlReportLimits | undefined;
  readonly signal?: AbortSignal | undefined;
}

const reportNames: OptionNames<ReportOptions> = {
  into: true,
  limits: true,
  signal: true,
  tasks: true,
  labels: true,
  base: true,
  seed: true,
  resamples: true,
};

const limitNames: OptionNames<HtmlReportLimits> = {
  textCharacters: true,
  attemptCharacters: true,
  mediaBytes: true,
  fileBytes: true,
};

/** Paths of the files that were written. */
export interface ReportFiles {
  readonly html: string;
  readonly csv: string;
  readonly summary: string;
  readonly markdown: string;
  readonly plots: readonly string[];
}

/**
 * Writes everything people look at after a run, or while it goes on: `report.html`, `results.csv`, `summary.json`, `summary.md`
 * and `plots/*.svg`. Each file is replaced as a whole.
 *
 * @param run a run, or its folder
 * @throws ConfigurationError when an option does not exist. StoreError when there is no run in the folder.
 */
export async function writeReport(
  run: StoredRun | string,
  options: ReportOptions = {},
): Promise<ReportFiles> {
  refuseProblems('writeReport', [
    ...unknownOptions(options, reportNames),
    ...unknownOptions(options.limits, limitNames, 'limits'),
    ...labelProblems(options.labels),
  ]);
  const stored = typeof run === 'string' ? await StoredRun.open(run) : run;
  const into = resolve(options.into ?? stored.folder.path);
  await mkdir(into, { recursive: true });
  const data = await readReportData(stored, options);
  const plots = runPlots(data).map((plot) => ({
    path: join(into, 'plots', `${plot.name}.svg`),
    text: plotFile(plot),
  }));
  const files = {
    html: join(into, 'report.html'),
    csv: join(into, 'results.csv'),
    summary: join(into, 'summary.json'),
    markdown: join(into, 'summary.md'),
    plots: plots.map(({ path }) => path),
  };
  await writeDurably(files.csv, resultsCsv(data.records));
  await writeDurably(files.summary, summaryJson(data));
  await writeDurably(files.markdown, markdownReport(data));
  for (const { path, text } of plots) await writeDurably(path, text);
  const { limits, signal } = options;
  await writeDurably(files.html, await htmlReport(stored, data, { into, limits, signal }));
  return files;
}
