import type { TaskResult } from '../result/task-result.js';

/** Reads a result again from where it is kept. */
export type ReadAgain = () => Promise<TaskResult>;

/**
 * Hands results to whoever iterates: each reader gets all from its beginning on, and those before it are not kept. Of those a
 * slow reader has not taken, only the first few are in memory where they can be read again.
 */
export class ResultStream {
  readonly #readers = new Set<Reader>();
  #end: End | undefined;

  push(result: TaskResult, readAgain?: ReadAgain): void {
    for (const reader of this.#readers) reader.push(result, readAgain);
  }

  /** Readers come to their end, or to the error. */
  end(end: End = {}): void {
    this.#end = end;
    for (const reader of this.#readers) reader.end(end);
  }

  [Symbol.asyncIterator](): AsyncIterator<TaskResult> {
    const reader = new Reader(() => this.#readers.delete(reader));
    if (this.#end !== undefined) reader.end(this.#end);
    else this.#readers.add(reader);
    return reader;
  }
}

interface End {
  readonly failure?: { readonly error: unknown } | undefined;
}

interface Waiting {
  readonly resolve: (result: IteratorResult<TaskResult>) => void;
  readonly reject: (error: unknown) => void;
}

/** Whole results that one reader may leave in memory. */
const heldResults = 16;

class Reader implements AsyncIterator<TaskResult> {
  readonly #buffer: (TaskResult | ReadAgain)[] = [];
  readonly #close: () => void;
  #waiting: Waiting[] = [];
  #end: End | undefined;

  constructor(close: () => void) {
    this.#close = close;
  }

  push(result: TaskResult, readAgain?: ReadAgain): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined)
      this.#buffer.push(this.#buffer.length < heldResults ? result : (readAgain ?? result));
    else waiting.resolve({ done: false, value: result });
  }

  end(end: End): void {
    this.#end ??= end;
    for (const waiting of this.#waiting.splice(0)) this.#settle(waiting);
  }

  async next(): Promise<IteratorResult<TaskResult>> {
    const held = this.#buffer.shift();
    if (held !== undefined) return { done: false, value: typeof held === 'function' ? await held() : held };
    return await new Promise((resolve, reject) => {
      if (this.#end === undefined) this.#waiting.push({ resolve, reject });
      else this.#settle({ resolve, reject });
    });
  }

  return(): Promise<IteratorResult<TaskResult>> {
    this.#close();
    this.#buffer.length = 0;
    this.end({});
    return Promise.resolve({ done: true, value: undefined });
  }

  /** A failure is told once; then there is nothing more. */
  #settle({ resolve, reject }: Waiting): void {
    const failure = this.#end?.failure;
    this.#end = {};
    if (failure === undefined) resolve({ done: true, value: undefined });
    else reject(failure.error);
  }
}
