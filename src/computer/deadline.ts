import { setMaxListeners } from 'node:events';
import { ConfigurationError, isSweLancerError } from '../errors.js';
import type { CallOptions } from './computer-interface.js';
import type { Ending } from './ending.js';
import { CallAbortedError, CallTimeoutError } from './errors.js';

/** Timers of Node overflow above this and fire at once. Milliseconds. */
export const longestTimerMs = 2 ** 31 - 1;

/** Many calls at once may follow one, which Node takes for a leak from the eleventh listener on. */
const sharedSignals = new WeakSet<AbortSignal>();

/** What `Deadline.whileOpen` gives when the deadline won. */
export const over = Symbol('over');

/**
 * The caller's signal and time limit as one, which tells which of them fired first. A run has one for every command and
 * transfer, so that it makes no signal of its own before somebody asks for it.
 * Dispose it when the call has ended: it lets go of its timer and of every listener. (`AbortSignal.any` leaks on Node 20.)
 */
export class Deadline implements Disposable {
  readonly #timeoutMs: number | undefined;
  readonly #followed: AbortSignal[] = [];
  #ending: Ending | undefined;
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #end: { readonly cause: 'timeout' | 'abort'; readonly reason: unknown } | undefined;
  #controller: AbortController | undefined;
  #abortion: AbortController | undefined;

  /** Milliseconds count from here. @throws ConfigurationError for a time limit that is not a number of 0 or more. */
  constructor(options: CallOptions, ...moreSignals: readonly (AbortSignal | undefined)[]) {
    const { signal, timeoutMs } = options;
    if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
      throw new ConfigurationError(
        `timeoutMs is ${timeoutMs}; give milliseconds, 0 or more, or leave it out.`,
      );
    }
    this.#timeoutMs = timeoutMs;
    this.#follow(signal);
    for (const more of moreSignals) this.#follow(more);
    if (timeoutMs !== undefined && timeoutMs !== Infinity) this.#arm(performance.now() + timeoutMs);
  }

  /** Fires on whichever comes first. Its reason is the caller's own on an abort, a `TimeoutError` otherwise. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#end !== undefined) this.#controller.abort(this.#end.reason);
    }
    return this.#controller.signal;
  }

  /** Fires with the caller's signal only, also after the time limit: for work that watches the time itself. */
  get aborted(): AbortSignal {
    if (this.#abortion === undefined) {
      this.#abortion = new AbortController();
      if (this.#end?.cause === 'abort') this.#abortion.abort(this.#end.reason);
    }
    return this.#abortion.signal;
  }

  /** Which of the two fired first; undefined while neither has. */
  get cause(): 'timeout' | 'abort' | undefined {
    return this.#end?.cause;
  }

  /** The reason of `signal`, once it has fired. */
  get reason(): unknown {
    return this.#end?.reason;
  }

  /** The result of `work`, or `over` if the deadline comes first. A later rejection of `work` is taken care of. */
  async whileOpen<T>(work: Promise<T>): Promise<T | typeof over> {
    return new Promise((resolve, reject) => {
      const stop = () => resolve(over);
      if (this.#end === undefined) this.#waiting.add(stop);
      else stop();
      work.then(
        (result) => {
          this.#waiting.delete(stop);
          resolve(result);
        },
        (error: unknown) => {
          this.#waiting.delete(stop);
          // As the work gave it.
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
          reject(error);
        },
      );
    });
  }

  /**
   * The result of `work`. When the deadline comes first, `work` gets `settleMs` (default: 5000) to notice and let go.
   * @throws CallTimeoutError, CallAbortedError naming `what`, such as `The upload to /x`
   */
  async race<T>(work: Promise<T>, what: string, settleMs = 5000): Promise<T> {
    const result = await this.whileOpen(work);
    if (result !== over) return result;
    await settledWithin(work, settleMs);
    throw this.error(what);
  }

  /** @throws CallTimeoutError, CallAbortedError when the deadline is over */
  check(what: string): void {
    if (this.#end !== undefined) throw this.error(what);
  }

  /** What to throw once the deadline is over. */
  error(what: string): Error {
    if (this.cause === 'timeout') {
      return new CallTimeoutError(`${what} took longer than its time limit of ${this.#timeoutMs ?? 0} ms.`);
    }
    const { reason } = this;
    // A part of ours that ends a call through a signal gives the error to throw as the reason.
    if (isSweLancerError(reason)) return reason;
    return new CallAbortedError(`${what} was aborted.`, { cause: reason });
  }

  /** Ends with `ending` too, as on an abort. @returns itself */
  endingWith(ending: Ending): this {
    if (this.#end !== undefined) return this;
    if (ending.hasEnded) {
      this.#abort(ending.reason);
      return this;
    }
    this.#ending = ending;
    ending.follow(this.#onEnding);
    return this;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#ending?.leave(this.#onEnding);
    this.#ending = undefined;
    for (const signal of this.#followed.splice(0)) signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (event: Event) => {
    // Only signals are followed.
    this.#abort((event.target as AbortSignal).reason);
  };

  readonly #onEnding = () => {
    this.#abort(this.#ending?.reason);
  };

  #follow(signal: AbortSignal | undefined): void {
    if (signal === undefined || this.#end !== undefined) return;
    if (signal.aborted) {
      this.#abort(signal.reason);
      return;
    }
    if (!sharedSignals.has(signal)) {
      sharedSignals.add(signal);
      setMaxListeners(0, signal);
    }
    signal.addEventListener('abort', this.#onAbort);
    this.#followed.push(signal);
  }

  #arm(endsAt: number): void {
    if (this.#end !== undefined) return;
    const remaining = endsAt - performance.now();
    this.#timer = setTimeout(
      () => {
        if (remaining > longestTimerMs) this.#arm(endsAt);
        else this.#fire('timeout', new DOMException('The time limit is over.', 'TimeoutError'));
      },
      Math.min(Math.max(remaining, 0), longestTimerMs),
    );
  }

  #abort(reason: unknown): void {
    this.#fire('abort', reason);
    this.#abortion?.abort(reason);
    this[Symbol.dispose]();
  }

  #fire(cause: 'timeout' | 'abort', reason: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { cause, reason };
    this.#controller?.abort(reason);
    for (const stop of this.#waiting) stop();
    this.#waiting.clear();
    // An abort is still of interest to whoever asked for `aborted`.
    if (this.#abortion === undefined) this[Symbol.dispose]();
  }
}

/** Whether `work` settled, either way, within that many milliseconds. Never rejects. */
export async function settledWithin(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(milliseconds, longestTimerMs));
  });
  const settled = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
