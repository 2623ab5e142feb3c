import type { ReportData } from './report-data.js';

/** The figures of a run as `runSummarySchema` validates them, with what they are of. For scripts. */
export function summaryJson({ description, summary, base }: ReportData): string {
  const { dataset, ...run } = description;
  const content = {
    run: { ...run, dataset: { fingerprint: dataset.fingerprint, tasks: dataset.tasks.length } },
    ...summary,
    ...(base !== undefined && {
      base: { runId: base.description.runId, name: base.description.name, comparison: base.comparison },
    }),
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}
