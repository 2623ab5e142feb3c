import type { FigureTable } from './figure-tables.js';
import { visibleText } from './visible-text.js';

/** A table in GitHub's Markdown, without its title. Columns of figures stand to the right. */
export function markdownTable({ columns, rows }: FigureTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const [, ...figures] = columns;
  return [
    line(columns.map(markdownText)),
    line(['---', ...figures.map((column) => (texts.has(column) ? '---' : '---:'))]),
    ...rows.map((row) => line(row.map(markdownText))),
  ].join('\n');
}

const texts = new Set(['Outcome', 'Title']);

/** Text of a run that starts no link, no mention, no HTML, no picture and no new cell. */
export function markdownText(text: string): string {
  return (
    visibleText(text)
      .replace(/\s+/g, ' ')
      // Between letters an underscore means nothing.
      .replace(
        /[\\`*{}[\]<>#!|~&]|(?<![a-z0-9])_|_(?![a-z0-9])/gi,
        (character) => `&#${character.charCodeAt(0)};`,
      )
      .replace(/@(?=\w)/g, '@\u200b')
      .replace(/(?<=\bhttps?:|\bwww)(?=[/.])/gi, '\u200b')
  );
}
