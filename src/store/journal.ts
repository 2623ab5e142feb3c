import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './durable-file.js';
import type { StoreError } from './errors.js';
import { encodeLine } from './journal-line.js';
import type { JournalRecord } from './journal-record.js';
import { type Patience, patiently } from './patience.js';

export interface JournalOptions extends Patience {
  /** Where the last line to be kept ends. Whatever follows is cut off. Bytes. */
  readonly end: number;
  /** Called before each write, and throws where this process must not write any longer. */
  readonly check: () => Promise<void>;
}

/**
 * Appends records to a file. A promise of `append` resolves when its record survives a power cut; records that wait at
 * the same time share one flush.
 */
export class Journal implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #options: JournalOptions;
  #end: number;
  /** Whether the file may hold half of a write behind `#end`. */
  #torn = false;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  #failure: Error | undefined;

  private constructor(file: FileHandle, path: string, options: JournalOptions) {
    this.#file = file;
    this.#path = path;
    this.#options = options;
    this.#end = options.end;
  }

  static async open(path: string, options: JournalOptions): Promise<Journal> {
    const file = await open(path, 'a');
    try {
      await options.check();
      await file.truncate(options.end);
      await file.datasync();
      await syncFolder(dirname(path));
      return new Journal(file, path, options);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** @throws StoreError when the record could not be made to last; the journal takes no more then. */
  append(record: JournalRecord): Promise<void> {
    // What `patiently` has thrown.
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line: encodeLine(record), resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flushing;
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(Buffer.from(batch.map(({ line }) => line).join('')));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        // What `patiently` throws.
        this.#failure = error as StoreError;
        for (const { reject } of [...batch, ...this.#waiting]) reject(this.#failure);
        this.#waiting = [];
      }
    }
    this.#flushing = undefined;
  }

  /** Writes all of it, or nothing: what a failed write has left is cut off before the next. */
  async #write(bytes: Buffer): Promise<void> {
    await patiently(`The journal ${this.#path}`, this.#options, async () => {
      await this.#options.check();
      if (this.#torn) await this.#file.truncate(this.#end);
      this.#torn = true;
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
      this.#torn = false;
      this.#end += bytes.length;
    });
  }
}

interface Waiting {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}
