import type { TaskResult } from '../result/task-result.js';

/** Hands results to whoever iterates: each reader gets all from its beginning on, and those before it are not kept. */
export class ResultStream {
  readonly #readers = new Set<Reader>();
  #ended = false;

  push(result: TaskResult): void {
    for (const reader of this.#readers) reader.push(result);
  }

  end(): void {
    this.#ended = true;
    for (const reader of this.#readers) reader.end();
  }

  [Symbol.asyncIterator](): AsyncIterator<TaskResult> {
    const reader = new Reader(() => this.#readers.delete(reader));
    if (this.#ended) reader.end();
    else this.#readers.add(reader);
    return reader;
  }
}

class Reader implements AsyncIterator<TaskResult> {
  readonly #buffer: TaskResult[] = [];
  readonly #close: () => void;
  #waiting: ((result: IteratorResult<TaskResult>) => void)[] = [];
  #ended = false;

  constructor(close: () => void) {
    this.#close = close;
  }

  push(result: TaskResult): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#buffer.push(result);
    else waiting({ done: false, value: result });
  }

  end(): void {
    this.#ended = true;
    for (const waiting of this.#waiting) waiting({ done: true, value: undefined });
    this.#waiting = [];
  }

  next(): Promise<IteratorResult<TaskResult>> {
    const value = this.#buffer.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<TaskResult>> {
    this.#close();
    this.#buffer.length = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }
}
