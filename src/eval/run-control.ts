import type { EvalOutcome } from './eval-run.js';

/** How a run ends: by itself, by somebody's wish, or because it cannot go on. */
export class RunControl {
  readonly #stop = new AbortController();
  /** One for each sample under way: with thousands of listeners, one signal for all would be slow to listen to. */
  readonly #underWay = new Set<AbortController>();
  readonly #onEnd: () => void;
  #status: EvalOutcome['status'] = 'completed';
  #failure: { readonly error: unknown } | undefined;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** Fires when nothing more is to be begun. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get status(): EvalOutcome['status'] {
    return this.#status;
  }

  /** Why the run cannot go on, if it cannot. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** The first end counts. Samples under way are told to stop. */
  end(status: 'cancelled' | 'stopped', why: string, cause?: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#status = status;
    const reason = new Error(why, { cause });
    this.#stop.abort(reason);
    for (const control of this.#underWay) control.abort(reason);
    this.#onEnd();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.end('stopped', 'the run cannot go on', error);
  }

  /** A signal of its own for one sample, for as long as it is under way. */
  beginSample(): Disposable & { readonly signal: AbortSignal } {
    const control = new AbortController();
    this.#underWay.add(control);
    return { signal: control.signal, [Symbol.dispose]: () => void this.#underWay.delete(control) };
  }
}
