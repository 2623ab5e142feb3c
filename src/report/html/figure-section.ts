import { type FigureTable, figureTables } from '../figure-tables.js';
import { type Markup, markup } from '../markup.js';
import { inlinePlot } from '../plots/plot.js';
import { runPlots } from '../plots/run-plots.js';
import type { ReportData } from '../report-data.js';
import { comparisonTable } from '../comparison-table.js';

export function plotSection(data: ReportData): Markup {
  return markup`<section class="plots" aria-label="Plots">
${runPlots(data).map((plot) => markup`<figure><figcaption>${plot.title}</figcaption>${inlinePlot(plot)}</figure>\n`)}</section>`;
}

export function comparisonSection({ base }: ReportData): Markup {
  if (base === undefined) return markup``;
  const { gained, lost } = base.comparison;
  const list = (label: string, ids: readonly string[]) =>
    ids.length > 0 && markup`<p><strong>${label}:</strong> ${ids.join(', ')}</p>`;
  return markup`<section aria-labelledby="comparison-heading"><h2 id="comparison-heading">Against ${base.description.name}</h2>
${figureTable(comparisonTable(base.comparison))}
${list('Passed more often', gained)}${list('Passed less often', lost)}</section>`;
}

/** All tables of figures, folded: the plots and the headline say the most important. */
export function figureSection(data: ReportData): Markup {
  const tables = figureTables(data);
  return markup`<details class="figures"><summary><strong>All figures</strong><span class="facts">${tables.map(({ title }) => title.toLowerCase()).join(' · ')}</span></summary>
<div class="figure-grid">${tables.map((table) => markup`<div class="${table.columns.length > 6 ? 'wide' : ''}"><h3>${table.title}</h3>${figureTable(table)}</div>\n`)}</div></details>`;
}

function figureTable({ title, columns, rows }: FigureTable): Markup {
  return markup`<div class="table-frame"><table class="figure-table"><caption class="hidden">${title}</caption>
<thead><tr>${columns.map((column) => markup`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map(([name, ...cells]) => markup`<tr><th scope="row">${name}</th>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>\n`)}</tbody></table></div>`;
}
