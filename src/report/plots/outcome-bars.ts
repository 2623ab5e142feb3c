import { count, counted, percent, percentInterval } from '../figures.js';
import { type Markup, markup } from '../markup.js';
import type { Headline } from '../../metrics/run-summary-schema.js';
import { legend, place } from './legend.js';
import { type Plot, plotWidth } from './plot.js';

export interface OutcomeGroup {
  readonly label: string;
  readonly headline: Headline;
}

const rowHeight = 40;
const [barLeft, barWidth] = [112, 208];
const [axisLeft, axisWidth] = [352, 150];
const kinds = [
  { of: 'correct', className: 'passed', label: 'passed' },
  { of: 'incorrect', className: 'failed', label: 'not passed' },
  { of: 'errors', className: 'error', label: 'error' },
  { of: 'cancelled', className: 'cancelled', label: 'cancelled' },
] as const;

/** For each group how its samples ended, and its accuracy with the interval. */
export function outcomeBars(name: string, title: string, groups: readonly OutcomeGroup[]): Plot {
  const present = kinds.filter(({ of }) => groups.some(({ headline }) => headline[of] > 0));
  const bottom = 26 + groups.length * rowHeight;
  const content = markup`<text x="${barLeft}" y="14">samples</text>
<text x="${axisLeft}" y="14">accuracy, 95% interval</text>
${[0, 0.5, 1].map(
  (share) =>
    markup`<path class="grid" d="M${axisLeft + share * axisWidth} 24V${bottom}"/><text class="middle" x="${axisLeft + share * axisWidth}" y="${bottom + 15}">${percent(share)}</text>`,
)}
${groups.map((group, index) => row(group, 26 + index * rowHeight))}
${legend(present, barLeft, bottom + 15)}`;
  return {
    name,
    title,
    description: groups.map(described).join(' '),
    height: bottom + 24,
    content,
  };
}

function row({ label, headline }: OutcomeGroup, top: number): Markup {
  const { samples, accuracy, accuracyInterval } = headline;
  const middle = top + rowHeight / 2;
  let x = barLeft;
  const parts = kinds.map(({ of, className }) => {
    const width = samples === 0 ? 0 : (headline[of] / samples) * barWidth;
    const start = x;
    x += width;
    return (
      width > 0 &&
      markup`<rect class="${className}" x="${place(start)}" y="${middle - 8}" width="${place(width)}" height="16"/>`
    );
  });
  const at = (share: number) => place(axisLeft + share * axisWidth);
  return markup`<text class="strong" x="0" y="${middle - 2}">${label}</text><text x="0" y="${middle + 13}">${count(headline.correct)} of ${count(samples)}</text>
${parts}${
  accuracyInterval !== undefined &&
  markup`<path class="whisker" d="M${at(accuracyInterval.low)} ${middle}H${at(accuracyInterval.high)}"/>`
}${accuracy !== undefined && markup`<circle class="point" cx="${at(accuracy)}" cy="${middle}" r="4.5"/>`}
<text class="strong end" x="${plotWidth}" y="${middle + 4}">${percent(accuracy)}</text>`;
}

function described({ label, headline }: OutcomeGroup): string {
  const { samples, correct, errors, accuracy, accuracyInterval } = headline;
  const sure = accuracyInterval === undefined ? '' : ` (95% interval ${percentInterval(accuracyInterval)})`;
  const lost = errors === 0 ? '' : `, ${counted(errors, 'infrastructure error')}`;
  return `${label}: ${correct} of ${counted(samples, 'sample')} passed, accuracy ${percent(accuracy)}${sure}${lost}.`;
}
