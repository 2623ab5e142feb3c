import stringWidth from 'string-width';
import { counted, dollars, percent } from '../figures.js';
import { clock } from './clock.js';
import { cutTo } from './fitted.js';
import type { Colour, Paint } from './paint.js';
import type { ProgressView } from './progress-view.js';

interface Fact {
  readonly text: string;
  readonly colour?: Colour | undefined;
}

/** What there is to say about the whole run, most important first. */
export function progressFacts(view: ProgressView): readonly Fact[] {
  const { progress, elapsedMs, remainingMs, state } = view;
  const { passed, finished, errors, earnedDollars, triedDollars, availableDollars, costDollars } = progress;
  const scored = finished - errors;
  return [
    { text: `${cents(earnedDollars)} earned`, colour: 'green' },
    { text: `of ${cents(triedDollars)} tried` },
    { text: `of ${cents(availableDollars)} in all` },
    ...(scored > 0 ? [{ text: `${passed} of ${scored} passed (${percent(passed / scored)})` }] : []),
    ...(errors > 0 ? [{ text: counted(errors, 'error'), colour: 'red' as const }] : []),
    // 0 may mean that nobody knows.
    ...(costDollars > 0 ? [{ text: `cost ${cents(costDollars)}` }] : []),
    { text: `${clock(elapsedMs)} elapsed` },
    ...(state === 'running' && remainingMs !== undefined && finished < progress.samples
      ? [{ text: `about ${clock(remainingMs)} left` }]
      : []),
  ];
}

/** As many facts on each line as it has room for. */
export function factLines(facts: readonly Fact[], columns: number, paint: Paint): readonly string[] {
  const lines: string[] = [];
  let line = '';
  let width = 0;
  for (const { text, colour } of facts) {
    const fitted = cutTo(text, columns);
    const painted = colour === undefined ? fitted : paint(colour, fitted);
    const needed = stringWidth(fitted);
    if (width > 0 && width + separator.length + needed <= columns) {
      line += separator + painted;
      width += separator.length + needed;
      continue;
    }
    if (width > 0) lines.push(line);
    [line, width] = [painted, needed];
  }
  return width > 0 ? [...lines, line] : lines;
}

const separator = ' · ';

/** Costs are sums of many small parts: what is below a cent is noise as soon as there are cents. */
function cents(value: number): string {
  return dollars(Math.abs(value) < 0.01 ? value : Math.round(value * 100) / 100);
}
