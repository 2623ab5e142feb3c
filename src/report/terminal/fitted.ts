import stringWidth from 'string-width';
import { visibleText } from '../visible-text.js';

const segmenter = new Intl.Segmenter();

/** Foreign text on one line: nothing in it moves the cursor, colours the terminal or turns the reading direction. */
export function oneLine(text: string): string {
  // No terminal shows more, and some error messages hold a whole log.
  return visibleText(text.slice(0, 2000).replace(/\s+/g, ' ').trim());
}

/** Cut to a number of columns, with `…` where something is missing. Wide characters count two. */
export function cutTo(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const { segment } of segmenter.segment(text)) {
    width += stringWidth(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return columns > 0 ? `${kept.trimEnd()}…` : '';
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - stringWidth(text)));
}
