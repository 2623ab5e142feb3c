import { visibleText } from '../visible-text.js';
import type { ShownText } from './attempt-detail.js';

/** The first and last half of `limit` characters, cut at ends of lines where one is near. */
export function shownText(text: string, limit: number, link?: string): ShownText {
  if (text.length <= limit) return { text: visibleText(text), omitted: 0, link };
  const half = Math.floor(limit / 2);
  const head = throughLastLine(text.slice(0, half));
  const tail = fromFirstLine(text.slice(text.length - half));
  const omitted = text.length - head.length - tail.length;
  const gap = `\n[… ${omitted.toLocaleString('en-US')} characters left out …]\n`;
  return { text: visibleText(head + gap + tail), omitted, link };
}

const farthestLineEnd = 400;

function throughLastLine(head: string): string {
  const end = head.lastIndexOf('\n');
  return end >= head.length - farthestLineEnd && end > 0 ? head.slice(0, end) : head;
}

function fromFirstLine(tail: string): string {
  const end = tail.indexOf('\n');
  return end >= 0 && end < farthestLineEnd ? tail.slice(end + 1) : tail;
}
