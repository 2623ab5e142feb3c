import { type Bar, type Figure, metOf, ratioOf, type Row } from './row.js';

const widths = [44, 13, 40, 9, 11, 0] as const;

/** The first two lines of the table. */
export function tableHead(): string {
  const head = ['what', 'ours', 'peer', 'ratio', 'bar', 'met'];
  return `${line(head)}\n${line(head.map((_, index) => '-'.repeat(widths[index] || 3)))}`;
}

/** One line of the table, valid Markdown when all of them are together. */
export function tableRow(row: Row): string {
  const ratio = ratioOf(row);
  const met = metOf(row);
  return line([
    row.what,
    figure(row.ours),
    row.peer === undefined ? '' : `${row.peer.name}: ${figure(row.peer.figure)}`,
    ratio === undefined ? '' : `${digits(ratio)}x`,
    row.bar === undefined ? '' : barText(row.bar, row.ours),
    met === undefined ? '' : met >= 1 ? 'yes' : `no, by ${Math.ceil((1 - met) * 100)} %`,
  ]);
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |`;
}

function figure({ value, unit }: Figure): string {
  return `${digits(value)} ${unit}`;
}

function barText(bar: Bar, { unit }: Figure): string {
  return bar.kind === 'times' ? `>= ${bar.value}x` : `<= ${bar.value} ${unit}`;
}

function digits(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}
