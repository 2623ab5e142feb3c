import { comparisonTable } from './comparison-table.js';
import { type FigureTable, figureTables } from './figure-tables.js';
import { count, counted, dollars, moment, percent, percentInterval } from './figures.js';
import { markdownTable, markdownText } from './markdown-table.js';
import { outcomeKind, outcomeLabels, outcomeName } from './outcome.js';
import type { ReportData } from './report-data.js';
import { visibleText } from './visible-text.js';

/** Rows of the table of tasks. More would pass what a pull request's comment may hold. */
const maxTasks = 200;

/** A run as a comment for a pull request, in GitHub's Markdown. */
export function markdownReport(data: ReportData): string {
  const { description, summary, base } = data;
  const [first, second, ...others] = figureTables(data);
  const sections = [
    `## ${markdownText(description.name)}`,
    headline(data),
    facts(data),
    ...(base === undefined ? [] : comparison(base)),
    ...[first, second].flatMap((table) =>
      table === undefined ? [] : [`**${table.title}**`, markdownTable(table)],
    ),
    ...notPassed(data),
    ...(others.length === 0
      ? []
      : [
          folded(
            'More figures',
            others
              .flatMap((table) => [`**${markdownText(table.title)}**`, markdownTable(table)])
              .join('\n\n'),
          ),
        ]),
    `<sub>Run \`${description.runId.replaceAll('`', '')}\`, ${moment(description.createdAt)}, dataset \`${description.dataset.fingerprint.slice(0, 12)}\`; intervals by Wilson or by bootstrap with seed ${summary.seed}.</sub>`,
  ];
  return `${sections.join('\n\n')}\n`;
}

function headline({ summary: { overall, earnRateInterval } }: ReportData): string {
  const rate = earnRateInterval === undefined ? '' : `, 95% interval ${percentInterval(earnRateInterval)}`;
  const sure =
    overall.accuracyInterval === undefined
      ? ''
      : ` (95% interval ${percentInterval(overall.accuracyInterval)})`;
  return `**Earned ${dollars(overall.earned)}** of ${dollars(overall.available)} (${percent(overall.earnRate)}${rate}). **Accuracy ${percent(overall.accuracy)}**${sure}: ${count(overall.correct)} of ${counted(overall.correct + overall.incorrect, 'scored sample')}.`;
}

function facts({ description, summary: { overall, cost, faults } }: ReportData): string {
  const expected = description.dataset.tasks.length * description.epochs;
  const spent =
    cost.cost === undefined
      ? `cost at least ${dollars(cost.knownCost)}, unknown for ${counted(cost.attemptsOfUnknownCost, 'attempt')}`
      : `cost ${dollars(cost.cost)}`;
  const parts = [
    `Agent ${markdownText(description.agent)}`,
    counted(description.dataset.tasks.length, 'task'),
    counted(description.epochs, 'epoch'),
    overall.samples < expected && `${count(overall.samples)} of ${count(expected)} samples finished`,
    spent,
    cost.unfinishedCost > 0 &&
      `${dollars(cost.unfinishedCost)} of it by ${counted(cost.unfinishedAttempts, 'attempt')} without a result`,
    counted(overall.errors, 'sample') + ' lost to infrastructure errors',
    faults.attempts > overall.errors && `${counted(faults.attempts - overall.errors, 'attempt')} retried`,
    overall.cancelled > 0 && `${count(overall.cancelled)} cancelled`,
  ];
  return `${parts.filter(Boolean).join(' · ')}.`;
}

function comparison({
  description,
  comparison: compared,
}: NonNullable<ReportData['base']>): readonly string[] {
  const changed = [
    ['Passed more often', compared.gained],
    ['Passed less often', compared.lost],
  ] as const;
  return [
    `**Against ${markdownText(description.name)}**`,
    markdownTable(comparisonTable(compared)),
    ...changed
      .filter(([, ids]) => ids.length > 0)
      .map(
        ([label, ids]) =>
          `${label}: ${ids.slice(0, maxTasks).map(code).join(', ')}${ids.length > maxTasks ? ' …' : ''}.`,
      ),
  ];
}

/** Samples that were not paid, dearest first. */
function notPassed({ records, description }: ReportData): readonly string[] {
  const missed = records
    .filter((record) => outcomeKind(record) !== 'passed')
    .sort((a, b) => b.available - a.available);
  if (missed.length === 0) return [];
  const shown = missed.slice(0, maxTasks);
  const table: FigureTable = {
    title: '',
    columns: ['Task', ...(description.epochs > 1 ? ['Epoch'] : []), 'Pays', 'Outcome', 'Title'],
    rows: shown.map((record) => [
      record.taskId,
      ...(description.epochs > 1 ? [count(record.epoch)] : []),
      dollars(record.available),
      outcomeLabels[outcomeName(record)] + (record.status === 'error' ? `: ${record.error.code}` : ''),
      record.title,
    ]),
  };
  const rest =
    missed.length > shown.length ? `\n\n${count(missed.length - shown.length)} more are in results.csv.` : '';
  return [folded(`${counted(missed.length, 'sample')} not passed`, markdownTable(table) + rest)];
}

function folded(summary: string, content: string): string {
  return `<details><summary>${markdownText(summary)}</summary>\n\n${content}\n\n</details>`;
}

function code(text: string): string {
  return `\`${visibleText(text).replaceAll('`', '').replaceAll('|', '')}\``;
}
