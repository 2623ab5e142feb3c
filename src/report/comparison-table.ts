import type { PairedDifference, RunComparison } from '../metrics/compare-runs.js';
import type { FigureTable } from './figure-tables.js';
import { count, dollars, percent, points, unknown } from './figures.js';

/** Two runs over the tasks that both scored. */
export function comparisonTable({ tasks, accuracy, earned, pValue }: RunComparison): FigureTable {
  return {
    title: 'Comparison',
    columns: [`Over ${count(tasks)} tasks of both`, 'Before', 'Now', 'Difference', '95% interval', 'p'],
    rows: [
      ['Accuracy', ...line(accuracy, percent, points), pValue.toPrecision(2)],
      ['Dollars a task', ...line(earned, cents, signedDollars), ''],
    ],
  };
}

function line(
  { first, second, difference, interval }: PairedDifference,
  shown: (value: number | undefined) => string,
  signed: (value: number) => string,
): readonly string[] {
  return [
    shown(first),
    shown(second),
    difference === undefined ? unknown : signed(difference),
    interval === undefined ? unknown : `${signed(interval.low)} to ${signed(interval.high)}`,
  ];
}

function cents(value: number | undefined): string {
  return dollars(value === undefined ? undefined : Math.round(value * 100) / 100);
}

function signedDollars(value: number): string {
  return `${value > 0 ? '+' : ''}${cents(value)}`;
}
