import { isSweLancerError } from '../errors.js';
import type { Gate } from '../gate.js';
import type { Countdown } from './countdown.js';
import { TaskCancelledError } from './errors.js';

/** Where an attempt may have to wait for others. Time spent waiting counts against no deadline, but for `pull`. */
export interface Gates {
  /** Around the start of each computer, until it is ready: the agent's, those for grading and for the user tool. */
  readonly start?: Gate | undefined;
  /** Around each fetch of an image, in the middle of a start: what waits there does so within `startMs`. */
  readonly pull?: Gate | undefined;
  /** Around grading. */
  readonly grade?: Gate | undefined;
  /** Around each model call of the agents of this package; yours find it as `modelGate`. */
  readonly modelCall?: Gate | undefined;
}

/** Goes through a gate, where there is one. @throws TaskCancelledError when the signal fires while it waits. */
export async function throughGate<T>(
  gate: Gate | undefined,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (gate === undefined) return work();
  try {
    return await gate(work, signal);
  } catch (error) {
    if (signal?.aborted !== true || isSweLancerError(error)) throw error;
    throw new TaskCancelledError('The task was cancelled while it waited for other tasks.', { cause: error });
  }
}

/** The same gate, where the time in its line does not count. */
export function offTheClock(gate: Gate | undefined, clock: Countdown): Gate | undefined {
  if (gate === undefined) return undefined;
  return async (work, signal) => {
    const goOn = clock.hold();
    try {
      return await gate(() => {
        goOn();
        return work();
      }, signal);
    } finally {
      goOn();
    }
  };
}
