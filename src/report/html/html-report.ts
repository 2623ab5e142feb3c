import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import type { StoredRun } from '../../store/stored-run.js';
import { Markup, markup } from '../markup.js';
import { colourIn, colourNames } from '../plots/palette.js';
import { plotStyle } from '../plots/plot.js';
import type { ReportData } from '../report-data.js';
import { comparisonSection, figureSection, plotSection } from './figure-section.js';
import { type HtmlReportLimits, mediaBudget, textLimits } from './limits.js';
import { overview } from './overview.js';
import { readPageFiles } from './page-files.js';
import { readAttemptDetail } from './read-attempt-detail.js';
import { type TaskRow, taskRows } from './task-rows.js';
import { attemptLabel, taskTable } from './task-table.js';

const compress = promisify(deflateRaw);

export interface HtmlReportOptions {
  /** The folder the page will be in: links to the run's files are relative to it. */
  readonly into: string;
  readonly limits?: HtmlReportLimits | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The whole page. Each attempt's texts are a compressed block of their own, which is unpacked when somebody opens it: what is
 * not looked at costs nothing but its bytes. All text of the run is escaped or base64; the page may load nothing and run
 * nothing but its own script.
 */
export async function htmlReport(
  run: StoredRun,
  data: ReportData,
  options: HtmlReportOptions,
): Promise<Uint8Array> {
  const rows = taskRows(data);
  const blocks = await detailBlocks(run, data, rows, options);
  const { script, style: pageStyle } = await readPageFiles();
  const style = `${colourVariables()}\n${plotStyle((name) => `var(--${name})`)}\n${pageStyle}`;
  const policy = [
    "default-src 'none'",
    `script-src '${digest(script)}'`,
    `style-src '${digest(style)}'`,
    'img-src data:',
    'media-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const head = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="swelancer">
<title>${data.description.name} · SWE-Lancer</title>
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#tasks">Skip to the tasks</a>
${overview(data)}
<main>
${comparisonSection(data)}
${plotSection(data)}
${figureSection(data)}
${taskTable(rows, data.description.epochs)}
</main>
<footer><p>Run ${data.description.runId} · dataset ${data.description.dataset.fingerprint.slice(0, 12)} · intervals by Wilson or by bootstrap with seed ${data.summary.seed} · beside this page: results.csv, summary.json, summary.md, plots</p></footer>
<noscript><p class="notice">Transcripts, patches and logs open with JavaScript only. All of them are files in the run's folder.</p></noscript>
<dialog id="task-dialog" aria-labelledby="dialog-title"></dialog>
<script>${new Markup(script)}</script>
`;
  return Buffer.concat([Buffer.from(head.toString()), ...blocks, Buffer.from('</body>\n</html>\n')]);
}

async function detailBlocks(
  run: StoredRun,
  data: ReportData,
  rows: readonly TaskRow[],
  { into, limits: wanted = {}, signal }: HtmlReportOptions,
): Promise<readonly Buffer[]> {
  const limits = textLimits(
    wanted,
    rows.reduce((sum, { attempts }) => sum + attempts.length, 0),
  );
  const media = mediaBudget(wanted);
  const blocks: Buffer[] = [];
  for (const [index, { attempts }] of rows.entries()) {
    for (const [place, record] of attempts.entries()) {
      signal?.throwIfAborted();
      const label = attemptLabel(record.epoch, record.attempt, data.description.epochs);
      const detail = await readAttemptDetail(run, record, label, { into, limits, media });
      const content = (await compress(JSON.stringify(detail))).toString('base64');
      blocks.push(
        Buffer.from(
          `<script type="application/octet-stream" id="attempt-${index}-${place}">${content}</script>\n`,
        ),
      );
    }
  }
  return blocks;
}

function colourVariables(): string {
  const block = (theme: 'light' | 'dark') => {
    const colour = colourIn(theme);
    return `color-scheme: ${theme}; ${colourNames.map((name) => `--${name}: ${colour(name)};`).join(' ')}`;
  };
  return `:root { ${block('light')} }
@media (prefers-color-scheme: dark) { :root:not([data-theme='light']) { ${block('dark')} } }
:root[data-theme='dark'] { ${block('dark')} }
@media print { :root:root { ${block('light')} } }`;
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
