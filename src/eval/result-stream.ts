import type { TaskResult } from '../result/task-result.js';

/** Hands results to whoever iterates: each reader gets all from its beginning on, and those before it are not kept. */
export class ResultStream {
  readonly #readers = new Set<Reader>();
  #end: End | undefined;

  push(result: TaskResult): void {
    for (const reader of this.#readers) reader.push(result);
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

class Reader implements AsyncIterator<TaskResult> {
  readonly #buffer: TaskResult[] = [];
  readonly #close: () => void;
  #waiting: Waiting[] = [];
  #end: End | undefined;

  constructor(close: () => void) {
    this.#close = close;
  }

  push(result: TaskResult): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#buffer.push(result);
    else waiting.resolve({ done: false, value: result });
  }

  end(end: End): void {
    this.#end ??= end;
    for (const waiting of this.#waiting.splice(0)) this.#settle(waiting);
  }

  next(): Promise<IteratorResult<TaskResult>> {
    const value = this.#buffer.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    return new Promise((resolve, reject) => {
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
