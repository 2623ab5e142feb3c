import { clock } from './clock.js';
import { oneLine } from './fitted.js';
import type { ProgressFault } from './progress-view.js';

/** A fault as one line of any length. */
export function faultLine({ sample, what, message, next }: ProgressFault, epochs: number): string {
  const where = sample === undefined ? '' : `${sampleName(sample, epochs)}: `;
  const after = next === undefined ? '' : `, ${next.redo} again in ${clock(next.waitMs)}`;
  return oneLine(`${where}${what}${after}: ${message}`);
}

/** The task's id, and which of its samples where there are several. */
export function sampleName(sample: { readonly taskId: string; readonly epoch: number }, epochs: number) {
  return oneLine(epochs > 1 ? `${sample.taskId} #${sample.epoch}` : sample.taskId);
}
