import { comparisonTable } from './comparison-table.js';
import { type FigureTable, figureTables } from './figure-tables.js';
import { fitSections, type Section, wholeSection } from './fitting-sections.js';
import { count, counted, dollars, moment, percent, percentInterval } from './figures.js';
import { markdownTable, markdownText } from './markdown-table.js';
import { outcomeKind, outcomeLabels, outcomeName } from './outcome.js';
import type { ReportData } from './report-data.js';
import { visibleText } from './visible-text.js';

/** Rows of the table of tasks, and tasks in a list: more is nothing to read in a comment. */
const maxTasks = 200;
/** GitHub refuses a comment that is longer. */
const maxCharacters = 65_536;
/** Of a name or title of somebody's choice. */
const nameCharacters = 300;
/** For the last two lines, whatever is left out. */
const endCharacters = 3_000;

/** A run as a comment for a pull request, in GitHub's Markdown: as long as a comment may be, and says what it left out. */
export function markdownReport(data: ReportData): string {
  const { description, summary, base } = data;
  const [first, second, ...others] = figureTables(data);
  const opening = [`## ${nameText(description.name)}`, headline(data), facts(data)].join('\n\n');
  const sections = [
    ...(base === undefined ? [] : comparison(base)),
    ...[first, second].flatMap((table) => (table === undefined ? [] : [tableSection(table)])),
    ...notPassed(data),
    ...(others.length === 0 ? [] : [moreFigures(others)]),
  ];
  const room = maxCharacters - opening.length - endCharacters;
  const { texts, leftOut } = fitSections(sections, room, '\n\n');
  const end = [
    ...(leftOut.length === 0
      ? []
      : [
          `Left out, since a comment holds ${count(maxCharacters)} characters: ${nameText(leftOut.join(', '))}. All of it is in report.html and summary.json.`,
        ]),
    `<sub>Run ${runCode(description.runId)}${description.rescoredFrom === undefined ? '' : `, which scored the work of run ${runCode(description.rescoredFrom.runId)} again`}, ${moment(description.createdAt)}, dataset \`${description.dataset.fingerprint.slice(0, 12)}\`; intervals by Wilson or by bootstrap with seed ${summary.seed}.</sub>`,
  ];
  return `${[opening, ...texts, ...end].join('\n\n')}\n`;
}

function runCode(runId: string): string {
  return `\`${cut(runId, nameCharacters).replaceAll('`', '')}\``;
}

function tableSection(table: FigureTable): Section {
  return wholeSection(table.title, `**${nameText(table.title)}**\n\n${markdownTable(table)}`);
}

function moreFigures(tables: readonly FigureTable[]): Section {
  const name = 'More figures';
  return {
    name,
    write: (room) => {
      const { texts, leftOut } = fitSections(tables.map(tableSection), room - 2_000, '\n\n');
      if (texts.length === 0) return undefined;
      const rest = leftOut.length === 0 ? [] : [`Without room: ${nameText(leftOut.join(', '))}.`];
      return folded(name, [...texts, ...rest].join('\n\n'));
    },
  };
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
    `Agent ${nameText(description.agent)}`,
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
}: NonNullable<ReportData['base']>): readonly Section[] {
  const changed = [
    ['Passed more often', compared.gained],
    ['Passed less often', compared.lost],
  ] as const;
  return [
    wholeSection(
      'the comparison',
      `**Against ${nameText(description.name)}**\n\n${markdownTable(comparisonTable(compared))}`,
    ),
    ...changed.filter(([, ids]) => ids.length > 0).map(([label, ids]) => idSection(label, ids)),
  ];
}

function idSection(label: string, ids: readonly string[]): Section {
  return {
    name: label.toLowerCase(),
    write: (room) => {
      for (let shown = Math.min(ids.length, maxTasks); shown > 0; shown = Math.floor(shown / 2)) {
        const rest = ids.length > shown ? `, and ${count(ids.length - shown)} more` : '';
        const text = `${label}: ${ids.slice(0, shown).map(code).join(', ')}${rest}.`;
        if (text.length <= room) return text;
      }
      return undefined;
    },
  };
}

/** Samples that were not paid, dearest first. */
function notPassed({ records, description }: ReportData): readonly Section[] {
  const missed = records
    .filter((record) => outcomeKind(record) !== 'passed')
    .sort((a, b) => b.available - a.available);
  if (missed.length === 0) return [];
  const table = (shown: number): FigureTable => ({
    title: '',
    columns: ['Task', ...(description.epochs > 1 ? ['Epoch'] : []), 'Pays', 'Outcome', 'Title'],
    rows: missed
      .slice(0, shown)
      .map((record) => [
        record.taskId,
        ...(description.epochs > 1 ? [count(record.epoch)] : []),
        dollars(record.available),
        outcomeLabels[outcomeName(record)] + (record.status === 'error' ? `: ${record.error.code}` : ''),
        cut(record.title, nameCharacters),
      ]),
  });
  const name = `${counted(missed.length, 'sample')} not passed`;
  const write = (room: number) => {
    for (let shown = Math.min(missed.length, maxTasks); shown > 0; shown = Math.floor(shown * 0.8)) {
      const rest =
        missed.length > shown ? `\n\n${count(missed.length - shown)} more are in results.csv.` : '';
      const text = folded(name, markdownTable(table(shown)) + rest);
      if (text.length <= room) return text;
    }
    return undefined;
  };
  return [{ name, write }];
}

function folded(summary: string, content: string): string {
  return `<details><summary>${markdownText(summary)}</summary>\n\n${content}\n\n</details>`;
}

function code(text: string): string {
  return `\`${visibleText(text).replaceAll('`', '').replaceAll('|', '')}\``;
}

/** A name of somebody's choice, which may be long. */
function nameText(name: string): string {
  return markdownText(cut(name, nameCharacters));
}

function cut(text: string, characters: number): string {
  if (text.length <= characters) return text;
  // Not in the middle of a character.
  return `${text.slice(0, characters - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
