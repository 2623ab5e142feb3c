import type { Transcript } from '../../agent/transcript/transcript-entry.js';
import { toErrorRecord } from '../../errors.js';
import type { SweLancerEvent } from '../../events/event.js';
import type { ResultRecord, TaskResult } from '../../result/task-result.js';
import { StoreError } from '../../store/errors.js';
import type { AttemptKey } from '../../store/sample-key.js';
import type { StoredRun } from '../../store/stored-run.js';
import type { RecordedError } from './log-error.js';

export interface ReadAttempt {
  /** From its file, else from the journal. */
  readonly result: TaskResult | ResultRecord;
  readonly transcript: Transcript | undefined;
}

/** Reads the files of attempts. One that cannot be read is noted, and its attempt is told without it. */
export class AttemptReader {
  readonly #run: StoredRun;
  readonly #unreadable = new Set<string>();

  constructor(run: StoredRun) {
    this.#run = run;
  }

  /** Paths of the files that could not be read so far. */
  get unreadable(): readonly string[] {
    return [...this.#unreadable];
  }

  /** What could not be read is among the result's warnings. */
  async attempt(record: ResultRecord): Promise<ReadAttempt> {
    const warnings: RecordedError[] = [];
    const warn = (error: StoreError) => warnings.push(toErrorRecord(error));
    const path = this.#run.folder.attempt(record).result;
    const result = (await this.#read(path, () => this.#run.result(record), warn)) ?? record;
    const transcript = await this.transcript(record, warn);
    return {
      result: warnings.length === 0 ? result : { ...result, warnings: [...result.warnings, ...warnings] },
      transcript,
    };
  }

  async transcript(
    record: AttemptKey & Pick<ResultRecord, 'workOf'>,
    warn: (error: StoreError) => void = () => undefined,
  ): Promise<Transcript | undefined> {
    const attempt = record.workOf ?? record.attempt;
    const path = this.#run.folder.attempt({ ...record, attempt }).transcript;
    return await this.#read(path, () => this.#run.transcript(record), warn);
  }

  /** The attempt's events, after those of the attempt whose work it graded. */
  async *events(record: ResultRecord): AsyncGenerator<SweLancerEvent> {
    const attempts = record.workOf === undefined ? [record.attempt] : [record.workOf, record.attempt];
    for (const attempt of attempts) {
      const key = { ...record, attempt };
      try {
        yield* this.#run.events(key);
      } catch (error) {
        this.#note(error, this.#run.folder.attempt(key).events);
      }
    }
  }

  async #read<Content>(
    path: string,
    read: () => Promise<Content>,
    warn: (error: StoreError) => void,
  ): Promise<Content | undefined> {
    try {
      return await read();
    } catch (error) {
      warn(this.#note(error, path));
      return undefined;
    }
  }

  #note(error: unknown, path: string): StoreError {
    if (!(error instanceof StoreError && error.problem === 'unreadable')) throw error;
    this.#unreadable.add(path);
    return error;
  }
}
