import { bandLabel, dollars, duration, count } from '../figures.js';
import { type Markup, markup } from '../markup.js';
import {
  type OutcomeName,
  outcomeKind,
  outcomeLabels,
  outcomeName,
  outcomeSigns,
  variantLabels,
} from '../outcome.js';
import type { TaskRow } from './task-rows.js';

/** The table of tasks with its filters. All rows are in the page, so it is there at once, is printed and can be searched. */
export function taskTable(rows: readonly TaskRow[], epochs: number): Markup {
  return markup`<section id="tasks" aria-labelledby="tasks-heading">
<div class="section-head"><h2 id="tasks-heading">Tasks</h2><output id="shown-count" for="filter-text filter-outcome filter-variant filter-band">${count(rows.length)} of ${count(rows.length)}</output></div>
${filters(rows)}
<div class="table-frame"><table id="task-table">
<caption class="hidden">Tasks and their results. Arrow keys move between tasks, Enter opens one.</caption>
<thead><tr>${columns.map(({ label, type, key }) => markup`<th scope="col" class="${type}" data-key="${key}" aria-sort="none"><button type="button">${label}<span class="arrow" aria-hidden="true"></span></button></th>`)}</tr></thead>
<tbody>
${rows.map((row, index) => tableRow(row, index, epochs))}</tbody>
</table></div>
<p id="nothing-shown" hidden>No task fits these filters.</p>
</section>`;
}

const columns = [
  { key: 'task', label: 'Task', type: 'text' },
  { key: 'variant', label: 'Kind', type: 'text' },
  { key: 'price', label: 'Pays', type: 'number' },
  { key: 'outcome', label: 'Outcome', type: 'text' },
  { key: 'earned', label: 'Earned', type: 'number' },
  { key: 'cost', label: 'Cost', type: 'number' },
  { key: 'time', label: 'Time', type: 'number' },
  { key: 'turns', label: 'Turns', type: 'number' },
] as const;

function filters(rows: readonly TaskRow[]): Markup {
  const outcomes = new Set(rows.flatMap(({ samples }) => samples.map(outcomeName)));
  const known = Object.keys(outcomeLabels) as OutcomeName[]; // `Object.keys` forgets the names.
  const bands = new Map(
    rows.toSorted((a, b) => a.task.price - b.task.price).map(({ band }) => [band, bandLabel(band)] as const),
  );
  const variants = new Map(
    rows.map(({ task: { variant } }) => [variant as string, variantLabels[variant]] as const),
  );
  return markup`<form class="filters" role="search" aria-label="Filter the tasks">
<input id="filter-text" type="search" placeholder="Filter by id or title  ( / )" aria-label="Filter by id or title" autocomplete="off" spellcheck="false">
${choice(
  'outcome',
  'All outcomes',
  known.filter((name) => outcomes.has(name)).map((name) => [name, outcomeLabels[name]]),
)}
${choice('variant', 'All kinds', [...variants])}
${choice('band', 'All prices', [...bands])}
<button type="reset">Clear</button>
</form>`;
}

function choice(
  name: string,
  all: string,
  options: readonly (readonly [value: string, label: string])[],
): Markup {
  return markup`<select id="filter-${name}" aria-label="Filter by ${name}"><option value="">${all}</option>${options.map(([value, label]) => markup`<option value="${value}">${label}</option>`)}</select>`;
}

function tableRow({ task, band, samples, attempts, cost }: TaskRow, index: number, epochs: number): Markup {
  const results = samples.filter((sample) => sample !== undefined);
  const earned = results.reduce((sum, result) => sum + result.earned, 0);
  const time = attempts.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const isCostKnown = cost.attempts > 0 && (cost.cost !== undefined || cost.knownCost > 0);
  const labels = attempts.map(({ epoch, attempt }) => attemptLabel(epoch, attempt, epochs));
  return markup`<tr data-index="${index}" data-variant="${task.variant}" data-band="${band}" data-outcomes="${[...new Set(samples.map(outcomeName))].join(' ')}" data-attempts="${labels.join('|')}" data-kinds="${attempts.map(outcomeKind).join('|')}">
<th scope="row"><button type="button" class="open" tabindex="${index === 0 ? 0 : -1}" aria-haspopup="dialog">${task.title}</button><span class="id">${task.id}</span></th>
<td>${variantLabels[task.variant]}</td>
<td class="number" data-sort="${task.price}">${dollars(task.price)}</td>
<td data-sort="${outcomeRank(samples)}">${outcomeCell(samples)}</td>
<td class="number${earned > 0 && ' money'}" data-sort="${earned}">${results.length === 0 ? '–' : dollars(earned)}</td>
<td class="number" data-sort="${isCostKnown ? cost.knownCost : -1}">${isCostKnown ? `${cost.cost === undefined ? '≥ ' : ''}${dollars(cost.knownCost)}` : '–'}</td>
<td class="number" data-sort="${attempts.length === 0 ? -1 : time}">${duration(attempts.length === 0 ? undefined : time)}</td>
<td class="number" data-sort="${cost.usage.turns ?? -1}">${count(cost.usage.turns)}</td>
</tr>
`;
}

/** Passed most often first, then failures, faults and what has no result. */
function outcomeRank(samples: TaskRow['samples']): string {
  const share =
    samples.filter((sample) => outcomeKind(sample) === 'passed').length / Math.max(samples.length, 1);
  const names = samples.map((sample) => outcomeLabels[outcomeName(sample)]);
  const order = ['passed', 'failed', 'error', 'cancelled', 'none'].indexOf(outcomeKind(samples[0]));
  return `${(1 - share).toFixed(4)} ${order} ${names[0] ?? ''}`;
}

function outcomeCell(samples: TaskRow['samples']): Markup {
  const marks = samples.map((sample) => {
    const kind = outcomeKind(sample);
    return markup`<span class="mark ${kind}" aria-hidden="true" title="${outcomeLabels[outcomeName(sample)]}">${outcomeSigns[kind]}</span>`;
  });
  const passed = samples.filter((sample) => outcomeKind(sample) === 'passed').length;
  const words =
    samples.length === 1 ? outcomeLabels[outcomeName(samples[0])] : `${passed} of ${samples.length}`;
  return markup`<span class="outcome">${marks}<span>${words}</span></span>`;
}

/** What people call an attempt. */
export function attemptLabel(epoch: number, attempt: number, epochs: number): string {
  if (epochs === 1) return attempt === 1 ? 'Attempt' : `Attempt ${attempt}`;
  return attempt === 1 ? `Epoch ${epoch}` : `Epoch ${epoch}, attempt ${attempt}`;
}
