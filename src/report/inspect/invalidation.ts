import type { SampleKey } from '../../store/sample-key.js';
import type { InspectObject } from './log-format.js';

/** A result that should not be counted, and who says so. */
export interface InvalidatedSample {
  readonly taskId: string;
  /** Default: every epoch of the task. */
  readonly epoch?: number | undefined;
  readonly author: string;
  readonly reason: string;
  /** Default: when the log is written. */
  readonly time?: Date | undefined;
}

/** In Inspect's form. */
export interface Invalidation extends InspectObject {
  readonly timestamp: string;
  readonly author: string;
  readonly reason: string;
}

export function invalidationOf(
  { taskId, epoch }: SampleKey,
  invalidated: readonly InvalidatedSample[],
  now: Date,
): Invalidation | undefined {
  const found = invalidated.find(
    (each) => each.taskId === taskId && (each.epoch === undefined || each.epoch === epoch),
  );
  return (
    found && {
      timestamp: (found.time ?? now).toISOString(),
      author: found.author,
      reason: found.reason,
      metadata: {},
    }
  );
}
