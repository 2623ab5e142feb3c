import type { Ablation } from '../ablation/ablation.js';
import { type AblationRow, ablationTable } from '../ablation/ablation-table.js';
import { count, counted, dollars, duration, percent, percentInterval, points, unknown } from './figures.js';
import { markdownTable, markdownText } from './markdown-table.js';

/** The comparison of an ablation as a table in GitHub's Markdown, and what is missing from it. */
export function ablationMarkdown(ablation: Ablation): string {
  const rows = ablationTable(ablation);
  const ks = new Set(
    rows.flatMap(({ passAtK }) => (passAtK === undefined || passAtK.k < 2 ? [] : passAtK.k)),
  );
  const columns: readonly Column[] = [
    ['Cell', ({ cell, status }) => (status === 'completed' ? cell : `${cell} (${status})`)],
    ...ablation.factors
      .filter(isMoreThanName)
      .map((factor): Column => [factor, ({ factors }) => factors[factor] ?? unknown]),
    ['Tasks', ({ tasks }) => count(tasks)],
    ['Errors', ({ errors }) => count(errors)],
    ['Pass rate', ({ passRate }) => percent(passRate)],
    ['95% interval', ({ passRateInterval }) => percentInterval(passRateInterval)],
    ...[...ks]
      .sort((one, other) => one - other)
      .flatMap((k): readonly Column[] => {
        const at = ({ passAtK }: AblationRow) => (passAtK?.k === k ? passAtK : undefined);
        return [
          [`Pass at ${k}`, (row) => percent(at(row)?.share)],
          [`Earned at ${k}`, (row) => dollars(at(row)?.earned)],
        ];
      }),
    ['Earned', ({ earned }) => dollars(earned)],
    ['Earn rate', ({ earnRate }) => percent(earnRate)],
    ['Difference', ({ difference }) => (difference === undefined ? unknown : points(difference))],
    ['95% interval', ({ differenceInterval }) => span(differenceInterval)],
    ['p', ({ pValue }) => pValue?.toPrecision(2) ?? unknown],
    ['Cost', ({ cost }) => dollars(cost === undefined ? undefined : Number(cost.toPrecision(6)))],
    ['Tokens', ({ tokens }) => count(tokens)],
    ['Median time', ({ medianSampleMs }) => duration(medianSampleMs)],
  ];
  const table = markdownTable({
    title: '',
    columns: columns.map(([title]) => title),
    rows: rows.map((row) => columns.map(([, text]) => text(row))),
  });
  const [baseline] = rows;
  const against =
    baseline === undefined || rows.length < 2
      ? []
      : [`Differences in pass rate are to "${markdownText(baseline.cell)}", over the tasks both scored.`];
  const missing =
    ablation.missing.length === 0
      ? []
      : [
          `${counted(ablation.missing.length, 'cell')} not run: ${ablation.missing.map(markdownText).join('; ')}.`,
        ];
  return `${[table, ...against, ...missing].join('\n\n')}\n`;
}

/** The factor of cells that were named one by one is their name. */
function isMoreThanName(factor: string): boolean {
  return factor !== 'variant';
}

type Column = readonly [title: string, text: (row: AblationRow) => string];

function span(interval: AblationRow['differenceInterval']): string {
  return interval === undefined
    ? unknown
    : `${points(interval.low).replace(' points', '')} to ${points(interval.high)}`;
}
