import stringWidth from 'string-width';
import type { InFlight } from '../../eval/progress.js';
import { dollars } from '../figures.js';
import { clock } from './clock.js';
import { faultLine, sampleName } from './fault-line.js';
import { cutTo, oneLine, padEnd } from './fitted.js';
import { noPaint, type Paint } from './paint.js';
import { factLines, progressFacts } from './progress-facts.js';
import type { ProgressView } from './progress-view.js';

/** In characters. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * The picture of a run for a terminal: never more lines than it has rows, never a line as long as a row, since a full row
 * moves some cursors and not others.
 */
export function progressLines(
  view: ProgressView,
  size: ScreenSize,
  paint: Paint = noPaint,
): readonly string[] {
  const columns = Math.max(1, size.columns - 1);
  const rows = Math.max(1, size.rows - 1);
  const head = [barLine(view, columns, paint), ...factLines(progressFacts(view), columns, paint)];
  const faults = view.faults
    .slice(-3)
    .map((fault) => paint('yellow', cutTo(`! ${faultLine(fault, view.epochs)}`, columns)));
  const room = rows - head.length - faults.length;
  return [...head, ...runningLines(view, columns, room, paint), ...faults].slice(0, rows);
}

const states = {
  running: undefined,
  paused: 'yellow',
  completed: 'green',
  cancelled: 'yellow',
  stopped: 'red',
  failed: 'red',
} as const;

function barLine({ progress, state, inFlight }: ProgressView, columns: number, paint: Paint): string {
  const { finished, samples } = progress;
  const share = samples === 0 ? 1 : finished / samples;
  const width = Math.min(30, Math.floor(columns / 3));
  const full = Math.floor(share * width);
  const bar = `${'█'.repeat(full)}${'░'.repeat(width - full)}`;
  const running = inFlight.length > 0 ? `, ${inFlight.length} running` : '';
  const text = cutTo(
    `${finished} of ${samples} done (${Math.floor(share * 100)}%)${running}`,
    columns - width - 2,
  );
  const colour = states[state];
  if (colour === undefined) return `${bar}  ${text}`;
  const left = columns - width - 2 - stringWidth(text) - 2;
  return `${bar}  ${text}${left > 0 ? `  ${paint(colour, cutTo(state, left))}` : ''}`;
}

function runningLines(
  { inFlight, epochs, now }: ProgressView,
  columns: number,
  room: number,
  paint: Paint,
): readonly string[] {
  const longestFirst = inFlight.toSorted(
    (a, b) => a.startedAt - b.startedAt || (a.taskId < b.taskId ? -1 : 1) || a.epoch - b.epoch,
  );
  const shown = longestFirst.slice(0, inFlight.length > room ? Math.max(0, room - 1) : room);
  const rows = shown.map((sample) => columnsOf(sample, epochs, now));
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(0, ...rows.map((row) => stringWidth(row[column] ?? ''))),
  );
  const lines = rows.map(([elapsed = '', phase = '', name = '', price = '', title = '']) =>
    cutTo(
      [
        `  ${elapsed.padStart(widths[0] ?? 0)}`,
        padEnd(phase, widths[1] ?? 0),
        padEnd(name, widths[2] ?? 0),
        price.padStart(widths[3] ?? 0),
        title,
      ].join('  '),
      columns,
    ),
  );
  const hidden = inFlight.length - shown.length;
  if (hidden === 0 || room < 1) return lines;
  return [...lines, paint('dim', cutTo(`  and ${hidden} more`, columns))];
}

function columnsOf(sample: InFlight, epochs: number, now: number): readonly string[] {
  const { phase, title, price, startedAt, attempt } = sample;
  return [
    clock(now - startedAt),
    phase ?? 'waiting',
    cutTo(sampleName(sample, epochs), 24),
    dollars(price),
    oneLine(attempt > 1 ? `(attempt ${attempt}) ${title}` : title),
  ];
}
