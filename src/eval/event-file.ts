import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SweLancerEvent } from '../events/event.js';
import { isPrinted } from '../events/printed-events.js';

/** What waits to be written to one file before output is dropped. Characters. */
const maxPending = 4 * 1024 * 1024;
/** Written together. Characters. */
const batchSize = 64 * 1024;

/** Appends events to a file, in batches: no file stays open, and a slow disk holds up no agent. */
export class EventFile {
  readonly #path: string;
  readonly #onError: (error: unknown) => void;
  #lines: string[] = [];
  #pending = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #failed = false;

  constructor(path: string, onError: (error: unknown) => void) {
    this.#path = path;
    this.#onError = onError;
  }

  write(event: SweLancerEvent): void {
    if (this.#failed) return;
    if (this.#pending > maxPending && isPrinted(event.type)) {
      this.#dropped++;
      return;
    }
    const line = `${JSON.stringify(event)}\n`;
    this.#lines.push(line);
    this.#pending += line.length;
    if (this.#pending >= batchSize) void this.flush();
  }

  /** Resolves when everything is written that was there before, or when it cannot be. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (this.#lines.length === 0) return;
    this.#writing = this.#append();
    await this.#writing;
  }

  async #append(): Promise<void> {
    const text = this.#lines.join('');
    this.#lines = [];
    this.#pending = 0;
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      await appendFile(this.#path, text);
      if (this.#dropped > 0) {
        const message = `${this.#dropped} pieces of output are not in this file: the disk was too slow for them.`;
        this.#dropped = 0;
        await appendFile(
          this.#path,
          `${JSON.stringify({ type: 'diagnostic', message, time: Date.now() })}\n`,
        );
      }
    } catch (error) {
      // The journal decides whether a run can go on; a lost event log does not.
      this.#failed = true;
      this.#onError(error);
    } finally {
      this.#writing = undefined;
    }
  }
}
