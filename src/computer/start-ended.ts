import type { CallOptions } from './computer-interface.js';
import type { Deadline } from './deadline.js';
import { ComputerStartError } from './errors.js';

/** What to throw for a start that its deadline has ended; `undefined` while it has not. `what` is such as `The start of a computer`. */
export function startEnded(
  deadline: Deadline,
  what: string,
  { timeoutMs = 0 }: Pick<CallOptions, 'timeoutMs'>,
  cause?: unknown,
): Error | undefined {
  if (deadline.cause === undefined) return undefined;
  if (deadline.cause === 'abort') return deadline.error(what);
  return new ComputerStartError(`${what} took longer than its time limit of ${timeoutMs} ms.`, {
    reason: 'timeout',
    retryable: true,
    cause,
  });
}
