import { counted, dollars } from '../figures.js';
import { type Markup, markup } from '../markup.js';
import type { ResultRecord } from '../../result/task-result.js';
import { legend, place } from './legend.js';
import { type Plot, plotWidth } from './plot.js';
import { logarithmicScale, type Scale } from './scale.js';

const height = 250;
const [left, right, top, bottom] = [64, plotWidth - 8, 14, height - 56];
const name = 'cost-against-earnings';
const title = 'Cost against earnings';

/** Each sample by what its agent cost and what it pays. Free samples have no place on a logarithmic axis and are counted only. */
export function costAgainstEarnings(records: readonly ResultRecord[]): Plot {
  const priced = records.flatMap(({ usage, available, earned }) => {
    const cost = usage.costDollars ?? 0;
    return cost > 0 && available > 0 ? [{ cost, available, paid: earned > 0 }] : [];
  });
  const apart = records.length - priced.length;
  if (priced.length === 0) return withoutCosts();
  const x = logarithmicScale(
    priced.map(({ cost }) => cost),
    left,
    right,
  );
  const y = logarithmicScale(
    priced.map(({ available }) => available),
    bottom,
    top,
  );
  const dots = (paid: boolean) =>
    priced
      .filter((sample) => sample.paid === paid)
      // A line of no length with round ends is a dot; one path holds thousands.
      .map(({ cost, available }) => `M${place(x(cost))} ${place(y(available))}h0`)
      .join('');
  const note = apart === 0 ? '' : `${counted(apart, 'sample')} of no or unknown cost left out`;
  const content = markup`${axes(x, y)}
<path class="dots unpaid" d="${dots(false)}"/><path class="dots paid" d="${dots(true)}"/>
<text class="middle" x="${(left + right) / 2}" y="${bottom + 34}">what the sample cost</text>
<text x="${left + 8}" y="${top + 14}">upward: what its task pays</text>
${legend(
  [
    { className: 'passed', label: 'earned' },
    { className: 'failed', label: 'not earned' },
  ],
  left,
  height - 4,
)}
<text class="end" x="${right}" y="${height - 4}">${note}</text>`;
  const paid = priced.filter((sample) => sample.paid);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    name,
    title,
    description: `${counted(priced.length, 'sample')} cost ${dollars(sum(priced.map(({ cost }) => cost)))} in all; ${paid.length} of them earned ${dollars(sum(paid.map(({ available }) => available)))}. ${note}`,
    height,
    content,
  };
}

function axes(x: Scale, y: Scale): Markup {
  return markup`${y.ticks.map(
    (tick) =>
      markup`<path class="grid" d="M${left} ${place(y(tick))}H${right}"/><text class="end" x="${left - 8}" y="${place(y(tick) + 4)}">${dollars(tick)}</text>`,
  )}${x.ticks.map(
    (tick) =>
      markup`<path class="grid" d="M${place(x(tick))} ${top}V${bottom}"/><text class="middle" x="${place(x(tick))}" y="${bottom + 17}">${dollars(tick)}</text>`,
  )}`;
}

function withoutCosts(): Plot {
  const text = 'The cost of no sample is known.';
  return {
    name,
    title,
    description: text,
    height: 60,
    content: markup`<text class="middle" x="${plotWidth / 2}" y="34">${text}</text>`,
  };
}
