import { count, counted, dollars, moment, percent, percentInterval } from '../figures.js';
import { type Markup, markup } from '../markup.js';
import type { ReportData } from '../report-data.js';

/** Name, facts and the headline figures of a run. */
export function overview({ description, summary }: ReportData): Markup {
  const { overall, cost, earnRateInterval } = summary;
  const samples = description.dataset.tasks.length * description.epochs;
  return markup`<header class="top"><div>
<h1>${description.name}</h1>
<p class="facts">${[description.agent, scoredBy(description), counted(description.dataset.tasks.length, 'task'), description.epochs > 1 && counted(description.epochs, 'epoch'), moment(description.createdAt)].filter(Boolean).join(' · ')}</p>
</div><button type="button" id="theme" aria-pressed="false">Dark</button></header>
<section class="headline" aria-label="Headline">
${figure(
  'main',
  'Earned',
  dollars(overall.earned),
  markup`of ${dollars(overall.available)}`,
  `${percent(overall.earnRate)}${interval(earnRateInterval)}`,
)}
${figure(
  '',
  'Accuracy',
  percent(overall.accuracy),
  `${count(overall.correct)} of ${counted(overall.correct + overall.incorrect, 'scored sample')}`,
  overall.accuracyInterval === undefined
    ? 'no interval'
    : `95% interval ${percentInterval(overall.accuracyInterval)}`,
)}
${figure(
  '',
  'Cost',
  cost.cost === undefined ? (cost.knownCost > 0 ? `≥ ${dollars(cost.knownCost)}` : '–') : dollars(cost.cost),
  cost.cost === undefined
    ? `unknown for ${counted(cost.attemptsOfUnknownCost, 'attempt')}`
    : counted(cost.attempts, 'attempt'),
  [
    cost.costPerEarnedDollar !== undefined && `${dollars(cost.costPerEarnedDollar)} for each dollar earned`,
    cost.unfinishedCost > 0 &&
      `${dollars(cost.unfinishedCost)} of it by ${counted(cost.unfinishedAttempts, 'attempt')} without a result`,
  ]
    .filter(Boolean)
    .join(', '),
)}
${figure(
  '',
  'Samples',
  count(overall.samples),
  overall.samples < samples ? `of ${count(samples)}: not finished` : 'all finished',
  overall.errors + overall.cancelled === 0
    ? 'no infrastructure errors'
    : [
        overall.errors > 0 && counted(overall.errors, 'infrastructure error'),
        overall.cancelled > 0 && `${count(overall.cancelled)} cancelled`,
      ]
        .filter(Boolean)
        .join(', '),
)}
</section>`;
}

function scoredBy({ scorer, rescoredFrom: from }: ReportData['description']): string {
  if (from === undefined) return `scored by ${scorer}`;
  return `scored by ${scorer} from the work of ${from.name}, run ${from.runId}, which ${from.scorer} had scored`;
}

function figure(className: string, term: string, value: string, of: Markup | string, note: string): Markup {
  return markup`<div class="figure ${className}"><h2>${term}</h2><p class="value">${value}</p><p>${of}</p><p>${note}</p></div>`;
}

function interval(value: ReportData['summary']['earnRateInterval']): string {
  return value === undefined ? '' : `, 95% interval ${percentInterval(value)}`;
}
