import { compareRuns, type ResultRecord, type RunDescription, runSummary } from '../../../src/index.js';
import type { ReportData } from '../../../src/report/report-data.js';

/** What a report is made from, without a folder. */
export function reportData(
  records: readonly ResultRecord[],
  { name = 'A run', base }: { name?: string; base?: readonly ResultRecord[] } = {},
): ReportData {
  const tasks = new Map(records.map((record) => [record.taskId, record]));
  const description: RunDescription = {
    schema: 1,
    runId: 'r',
    name,
    createdAt: '2026-01-01T00:00:00.000Z',
    dataset: {
      fingerprint: 'f'.repeat(64),
      tasks: [...tasks.values()].map(({ taskId, variant, title, available }) => ({
        id: taskId,
        variant,
        title,
        price: available,
      })),
    },
    agent: 'a',
    scorer: 's',
    epochs: Math.max(1, ...records.map(({ epoch }) => epoch)),
    configuration: {},
    versions: {},
  };
  const attempts = records.map((result) => ({
    type: 'attempt.finished' as const,
    time: 0,
    taskId: result.taskId,
    epoch: result.epoch,
    attempt: result.attempt,
    final: true,
    result,
  }));
  return {
    description,
    records,
    attempts,
    unfinished: [],
    summary: runSummary(records),
    base:
      base === undefined
        ? undefined
        : { description: { ...description, name: 'The base' }, comparison: compareRuns(base, records) },
  };
}
