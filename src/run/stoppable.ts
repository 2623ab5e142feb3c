import { longestTimerMs } from '../computer/deadline.js';
import { type Countdown, countdown } from './countdown.js';

export interface StoppableOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the work is told to stop. Default: never. */
  readonly timeoutMs?: number | undefined;
  /** Makes the signal's reason when `timeoutMs` are over. */
  readonly timeoutReason?: (() => Error) | undefined;
  /** Milliseconds the work gets to stop after it was told to; then it is left to itself. */
  readonly stopMs: number;
}

/** Why work was told to stop. */
export type Stop = 'timeout' | 'abort';

export type Ending<T> =
  /** `stopped` where the work returned of its own accord after it was told to stop. */
  | { readonly done: true; readonly value: T; readonly stopped: Stop | undefined }
  | { readonly done: false; readonly stopped: Stop };

/**
 * Runs work that is told to stop by a signal, and always ends: work that ignores the signal is abandoned after `stopMs`.
 * Rejects with the work's own error only where it was not told to stop.
 */
export async function runStoppable<T>(
  { signal, timeoutMs, timeoutReason, stopMs }: StoppableOptions,
  work: (signal: AbortSignal, clock: Countdown) => Promise<T>,
): Promise<Ending<T>> {
  const stop = new AbortController();
  const state: { stopped: Stop | undefined } = { stopped: undefined };
  let abandonTimer: ReturnType<typeof setTimeout> | undefined;
  let abandon: (ending: Ending<T>) => void = () => undefined;
  const abandoned = new Promise<Ending<T>>((resolve) => {
    abandon = resolve;
  });
  const tell = (why: Stop, reason: unknown) => {
    if (state.stopped !== undefined) return;
    state.stopped = why;
    abandonTimer = setTimeout(() => abandon({ done: false, stopped: why }), Math.min(stopMs, longestTimerMs));
    stop.abort(reason);
  };
  const onAbort = () => tell('abort', signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  using clock = countdown(timeoutMs, () =>
    tell('timeout', timeoutReason?.() ?? new Error(`${timeoutMs ?? 0} ms are over.`)),
  );
  // A listener of an event before this call may have aborted already.
  if (signal?.aborted) onAbort();
  const finished = async (): Promise<Ending<T>> => {
    try {
      return { done: true, value: await work(stop.signal, clock), stopped: state.stopped };
    } catch (error) {
      if (state.stopped === undefined) throw error;
      return { done: false, stopped: state.stopped };
    }
  };
  try {
    return await Promise.race([finished(), abandoned]);
  } finally {
    clearTimeout(abandonTimer);
    signal?.removeEventListener('abort', onAbort);
  }
}
