import { dollars, percent } from '../figures.js';
import { type Markup, markup } from '../markup.js';
import type { ResultRecord } from '../../result/task-result.js';
import { place } from './legend.js';
import { type Plot, plotWidth } from './plot.js';
import { linearScale } from './scale.js';

const height = 250;
const [left, right, top, bottom] = [64, plotWidth - 8, 14, height - 40];

/** Dollars so far, in the order in which the samples ended, under the dollars there were to earn. */
export function earningsCurve(ended: readonly ResultRecord[]): Plot {
  const earned = running(ended.map((result) => result.earned));
  const available = running(ended.map((result) => result.available));
  const [total = 0, whole = 0] = [earned.at(-1), available.at(-1)];
  const x = linearScale(Math.max(ended.length, 1), left, right, 5);
  const across = (index: number) => left + ((right - left) * index) / Math.max(ended.length, 1);
  const y = linearScale(Math.max(whole, 1), bottom, top);
  const line = steps(earned, across, y);
  const content = markup`${y.ticks.map((tick) => horizontal(y(tick), dollars(tick)))}
${x.ticks
  .filter((tick) => tick <= ended.length && Number.isInteger(tick))
  .map((tick) => markup`<text class="middle" x="${place(across(tick))}" y="${bottom + 17}">${tick}</text>`)}
<path class="earned-area" d="${line}V${bottom}H${left}Z"/>
<path class="available" d="${steps(available, across, y)}"/>
<path class="earned" d="${line}"/>
<text x="${left + 8}" y="${top + 14}">dashed: what they pay</text>
<text class="strong end" x="${right}" y="${place(Math.max(y(total) - 7, top + 10))}">${dollars(total)}</text>
<text class="middle" x="${(left + right) / 2}" y="${height - 6}">samples, in the order in which they ended</text>`;
  return {
    name: 'earnings-curve',
    title: 'Earnings',
    description: `After ${ended.length} samples ${dollars(total)} of ${dollars(whole)} were earned, ${percent(whole === 0 ? undefined : total / whole)}.`,
    height,
    content,
  };
}

function horizontal(y: number, label: string): Markup {
  return markup`<path class="grid" d="M${left} ${place(y)}H${right}"/><text class="end" x="${left - 8}" y="${place(y + 4)}">${label}</text>`;
}

function steps(
  values: readonly number[],
  across: (index: number) => number,
  y: (value: number) => number,
): string {
  const start = `M${place(across(0))} ${place(y(0))}`;
  // A value that does not change needs no step of its own.
  const corners = values.map((value, index) =>
    value === values[index - 1] ? '' : `H${place(across(index + 1))}V${place(y(value))}`,
  );
  return `${start}${corners.join('')}H${place(across(values.length))}`;
}

function running(values: readonly number[]): readonly number[] {
  let sum = 0;
  return values.map((value) => (sum += value));
}
