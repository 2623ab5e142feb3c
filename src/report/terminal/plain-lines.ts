import type { TaskResult } from '../../result/task-result.js';
import { dollars } from '../figures.js';
import { clock } from './clock.js';
import { sampleName } from './fault-line.js';
import { oneLine } from './fitted.js';
import { noPaint } from './paint.js';
import { factLines, progressFacts } from './progress-facts.js';
import type { ProgressView } from './progress-view.js';

/** `[3/40] 16912_4 passed: $1,000 of $1,000, 3:05, cost $0.02`. */
export function resultLine(result: TaskResult, number: number, view: ProgressView): string {
  const { usage, earned, available, durationMs } = result;
  const outcome = result.status === 'scored' ? result.outcome.replaceAll('_', ' ') : result.status;
  const cost = usage.costDollars === undefined ? '' : `, cost ${dollars(usage.costDollars)}`;
  return oneLine(
    `[${number}/${view.progress.samples}] ${sampleName(result, view.epochs)} ${outcome}: ` +
      `${dollars(earned)} of ${dollars(available)}, ${clock(durationMs)}${cost}`,
  );
}

/** `running: 12 of 40 done, 3 running · $1,200 earned · …`. */
export function statusLine(view: ProgressView): string {
  const { state, progress, inFlight } = view;
  const running = inFlight.length > 0 ? `, ${inFlight.length} running` : '';
  const facts = factLines(progressFacts(view), Infinity, noPaint).join('');
  return `${state}: ${progress.finished} of ${progress.samples} done${running} · ${facts}`;
}
