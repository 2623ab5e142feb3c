import type { Distribution, Headline } from '../metrics/run-summary-schema.js';
import { bandLabel, count, counted, dollars, duration, percent, percentInterval } from './figures.js';
import { outcomeLabels, variantLabels } from './outcome.js';
import type { ReportData } from './report-data.js';

/** A table as texts, for the page and for Markdown alike. The first column names the row. */
export interface FigureTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Everything of the summary that is a table, without the empty ones. */
export function figureTables(data: ReportData): readonly FigureTable[] {
  const { summary } = data;
  return [
    headlineTable('By kind of task', named(summary.byVariant, variantLabels)),
    headlineTable(
      'By price',
      Object.entries(summary.byPriceBand).map(([band, line]) => [bandLabel(band), line]),
    ),
    ...Object.entries(summary.byLabel).map(([label, values]) =>
      headlineTable(`By ${label}`, Object.entries(values)),
    ),
    outcomeTable(data),
    epochTable(data),
    managerTable(data),
    faultTable(data),
    tallyTable('Limits that ended agents', 'Limit', summary.limits),
    durationTable(data),
    usageTable(data),
    spendingTable(data),
  ].filter(({ rows }) => rows.length > 0);
}

export function headlineTable(title: string, lines: readonly (readonly [string, Headline])[]): FigureTable {
  return {
    title,
    columns: [
      '',
      'Samples',
      'Passed',
      'Errors',
      'Accuracy',
      '95% interval',
      'Earned',
      'Available',
      'Earn rate',
    ],
    rows: lines.map(([name, line]) => [
      name,
      count(line.samples),
      count(line.correct),
      count(line.errors),
      percent(line.accuracy),
      percentInterval(line.accuracyInterval),
      dollars(line.earned),
      dollars(line.available),
      percent(line.earnRate),
    ]),
  };
}

function named<T>(
  groups: Readonly<Record<string, T>>,
  labels: Readonly<Record<string, string>>,
): readonly (readonly [string, T])[] {
  return Object.entries(groups).map(([name, group]) => [labels[name] ?? name, group]);
}

function outcomeTable({ summary: { outcomes } }: ReportData): FigureTable {
  return {
    title: 'Outcomes',
    columns: ['Outcome', 'Samples'],
    rows: named(outcomes, outcomeLabels).map(([name, samples]) => [name, count(samples)]),
  };
}

function epochTable({ summary: { passAtK } }: ReportData): FigureTable {
  return {
    title: 'Over epochs',
    columns: ['k', 'Tasks', 'pass@k', 'all of k pass', 'any of k passed', 'earned by any of k'],
    rows: passAtK.map(({ k, tasks, passAtK: any, passHatK, anyOfK, anyOfKEarned }) => [
      count(k),
      count(tasks),
      percent(any),
      percent(passHatK),
      percent(anyOfK),
      dollars(anyOfKEarned),
    ]),
  };
}

function managerTable({ summary: { managerBaselines: baselines } }: ReportData): FigureTable {
  const lines =
    baselines === undefined
      ? []
      : ([
          ['This run', baselines.score],
          ['Choice by lot', baselines.uniformGuess],
          ['Always the first', baselines.alwaysFirst],
          ['Always the last', baselines.alwaysLast],
        ] as const);
  return {
    title: 'Manager tasks against guessing',
    columns: ['', 'Accuracy', 'Earned'],
    rows: lines.map(([name, { accuracy, earned }]) => [name, percent(accuracy), dollars(Math.round(earned))]),
  };
}

function faultTable({ summary: { faults } }: ReportData): FigureTable {
  return {
    ...tallyTable('Infrastructure errors of all attempts', 'Code or phase', faults.byCode),
    rows: [
      ...Object.entries(faults.byCode).map(([code, attempts]) => [code, count(attempts)]),
      ...Object.entries(faults.byPhase).map(([phase, attempts]) => [`in ${phase}`, count(attempts)]),
    ],
  };
}

function tallyTable(title: string, first: string, tally: Readonly<Record<string, number>>): FigureTable {
  return {
    title,
    columns: [first, 'Times'],
    rows: Object.entries(tally).map(([name, times]) => [name, count(times)]),
  };
}

const distributionColumns = ['Known', 'Total', 'Median', '90%', 'Maximum'] as const;

function durationTable({ summary: { durations } }: ReportData): FigureTable {
  const lines = [
    ['Sample', durations.sample],
    ['Model', durations.model],
    ...Object.entries(durations.phases).map(([phase, figures]) => [`Phase ${phase}`, figures] as const),
  ] as const;
  return distributionTable('Time', lines, duration);
}

function usageTable({ summary: { tokens, lengths } }: ReportData): FigureTable {
  const lines = [
    ['Tokens in', tokens.input],
    ['Cached tokens in', tokens.cachedInput],
    ['Tokens out', tokens.output],
    ['Reasoning tokens', tokens.reasoning],
    ['Turns', lengths.turns],
    ['Model calls', lengths.modelCalls],
    ['Tool calls', lengths.toolCalls],
    ['Patch bytes', lengths.patchBytes],
    ['Patch files', lengths.patchFiles],
  ] as const;
  return distributionTable('Usage of a sample', lines, count);
}

function spendingTable({ summary: { cost } }: ReportData): FigureTable {
  const { usage } = cost;
  const lines = [
    ['Tokens in', usage.inputTokens],
    ['Cached tokens in', usage.cachedInputTokens],
    ['Tokens out', usage.outputTokens],
    ['Reasoning tokens', usage.reasoningTokens],
    ['Turns', usage.turns],
    ['Model calls', usage.modelCalls],
    ['Tool calls', usage.toolCalls],
  ] as const;
  return {
    title: `Spent by all ${counted(cost.attempts, 'attempt')}, known`,
    columns: ['', 'Total'],
    rows: lines.flatMap(([name, total]) => (total === undefined ? [] : [[name, count(total)]])),
  };
}

function distributionTable(
  title: string,
  lines: readonly (readonly [string, Distribution])[],
  shown: (value: number | undefined) => string,
): FigureTable {
  return {
    title,
    columns: ['', ...distributionColumns],
    rows: lines
      .filter(([, { known }]) => known > 0)
      .map(([name, { known, total, p50, p90, maximum }]) => [
        name,
        count(known),
        shown(total),
        shown(p50),
        shown(p90),
        shown(maximum),
      ]),
  };
}
