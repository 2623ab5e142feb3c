import { isSweLancerError, type Phase } from '../errors.js';
import type { EventMap } from '../events/event.js';
import { type EventScope, observe } from '../events/event-scope.js';
import type { Countdown } from './countdown.js';
import { PhaseTimeoutError, TaskCancelledError } from './errors.js';
import { runStoppable } from './stoppable.js';

export interface PhaseOptions {
  readonly phase: Phase;
  readonly events: EventScope;
  /** Told as the phase begins. */
  readonly about?: EventMap['phase.started'] | undefined;
  /** The caller's; undefined for clean-up, which is done whatever happened. */
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
  /** The name of the deadline's option, for the error's advice. */
  readonly deadline: string;
  readonly stopMs: number;
}

/** Runs one phase between its events and under its deadline. @throws PhaseTimeoutError, TaskCancelledError */
export async function runPhase<T>(
  { phase, events, about = {}, signal, timeoutMs, deadline, stopMs }: PhaseOptions,
  work: (scope: EventScope, signal: AbortSignal, clock: Countdown) => Promise<T>,
): Promise<T> {
  if (signal?.aborted) throw cancelled(signal, phase);
  return observe(
    events.within({ phase }),
    {
      start: ['phase.started', about],
      finished: (_, durationMs) => ['phase.finished', { durationMs }],
      failed: (error, durationMs) => ['phase.failed', { durationMs, error }],
    },
    async (span) => {
      try {
        const ending = await runStoppable({ signal, timeoutMs, stopMs }, (stop, clock) =>
          work(span, stop, clock),
        );
        if (ending.done) return ending.value;
        throw ending.stopped === 'timeout'
          ? new PhaseTimeoutError(phase, timeoutMs ?? 0, deadline)
          : cancelled(signal, phase);
      } catch (error) {
        if (isSweLancerError(error)) error.phase ??= phase;
        throw error;
      }
    },
  );
}

function cancelled(signal: AbortSignal | undefined, phase: Phase): TaskCancelledError {
  const reason: unknown = signal?.reason;
  const why = reason instanceof Error && reason.name !== 'AbortError' ? `: ${reason.message}` : '';
  return new TaskCancelledError(`The task was cancelled in its ${phase} phase${why}.`, {
    phase,
    cause: reason,
  });
}
