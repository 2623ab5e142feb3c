import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Transcript } from '../agent/transcript/transcript-entry.js';
import { readTranscript } from '../agent/transcript/transcript-file.js';
import type { SweLancerEvent } from '../events/event.js';
import type { ResultRecord, TaskResult, UngradedResult } from '../result/task-result.js';
import { describedSamples } from './described-samples.js';
import { StoreError } from './errors.js';
import { finalRecords } from './final-records.js';
import { isMissing } from './is-missing.js';
import type { AttemptRecord } from './journal-record.js';
import { readResult } from './read-result.js';
import { readJournal } from './read-journal.js';
import { readUngraded } from './read-ungraded.js';
import type { RunDescription } from './run-description.js';
import { runFolder, type RunFolder } from './run-folder.js';
import { parseDescription } from './run-store.js';
import type { AttemptKey, SampleKey } from './sample-key.js';
import { SampleStates } from './sample-state.js';
import { type UnfinishedAttempt, UnfinishedAttempts } from './unfinished-attempts.js';

export interface Artifact {
  /** The path inside the attempt's `artifacts`. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/** A run's folder, to be read: during the run too, and by any number of processes. */
export class StoredRun {
  readonly folder: RunFolder;
  readonly description: RunDescription;

  private constructor(folder: RunFolder, description: RunDescription) {
    this.folder = folder;
    this.description = description;
  }

  /** @throws StoreError when there is no run in the folder. */
  static async open(path: string): Promise<StoredRun> {
    const folder = runFolder(path);
    let text: string;
    try {
      text = await readFile(folder.description, 'utf8');
    } catch (cause) {
      throw new StoreError(`There is no run in ${path}: its run.json cannot be read.`, {
        problem: 'unreadable',
        cause,
      });
    }
    return new StoredRun(folder, parseDescription(text, folder.description));
  }

  /**
   * Every attempt that ended, in the order in which they did, faults and later ones of the same sample included. Tasks and
   * epochs that the run no longer has are left out.
   */
  async *attempts(): AsyncGenerator<AttemptRecord> {
    const isWanted = this.#isWanted();
    for await (const { record } of readJournal(this.folder.journal)) {
      if (record?.type === 'attempt.finished' && isWanted(record)) yield record;
    }
  }

  /**
   * Attempts that were begun and have no result, with what they had spent: those whose process died, and those under way.
   * One whose work a later attempt graded is not among them; that one's result has its usage. Of a run that scores another's
   * work again, also what that run had spent beside the work.
   */
  async unfinishedAttempts(): Promise<readonly UnfinishedAttempt[]> {
    return (await this.allAttempts()).unfinished;
  }

  /** Those that ended and those that did not, of one moment of a run that may be under way. */
  async allAttempts(): Promise<{
    readonly ended: readonly AttemptRecord[];
    readonly unfinished: readonly UnfinishedAttempt[];
  }> {
    const isWanted = this.#isWanted();
    const unfinished = new UnfinishedAttempts();
    const ended: AttemptRecord[] = [];
    for await (const { record } of readJournal(this.folder.journal)) {
      if (record === undefined) continue;
      unfinished.take(record);
      if (record.type === 'attempt.finished' && isWanted(record)) ended.push(record);
    }
    return { ended, unfinished: unfinished.all().filter(isWanted) };
  }

  /**
   * The result of each finished sample of the run as it is described now, tasks in the dataset's order. What most metrics
   * are computed from.
   */
  async records(): Promise<readonly ResultRecord[]> {
    return await finalRecords(this.attempts(), this.description);
  }

  /** Work that was kept and has no score, of samples that are not finished: of each the last attempt's. */
  async ungraded(): Promise<readonly AttemptKey[]> {
    const states = new SampleStates();
    for await (const { record } of readJournal(this.folder.journal)) {
      if (record !== undefined) states.take(record);
    }
    return describedSamples(this.description).flatMap((key) => {
      const { finished, collected } = states.of(key);
      return finished || collected === undefined ? [] : [{ ...key, attempt: collected }];
    });
  }

  /** The whole result, logs and patch included. @throws StoreError */
  async result(key: AttemptKey): Promise<TaskResult> {
    return await readResult(this.folder.attempt(key).result);
  }

  /** The agent's work, as it was kept before it was graded. Undefined where there is none, or it is not whole. */
  async work(key: AttemptKey & Pick<ResultRecord, 'workOf'>): Promise<UngradedResult | undefined> {
    return await readUngraded(this.folder.attempt({ ...key, attempt: key.workOf ?? key.attempt }).work);
  }

  /** What the agent said and was told. Undefined where nothing was kept. @throws StoreError */
  async transcript(key: AttemptKey & Pick<ResultRecord, 'workOf'>): Promise<Transcript | undefined> {
    const path = this.folder.attempt({ ...key, attempt: key.workOf ?? key.attempt }).transcript;
    try {
      return await readTranscript(path);
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      throw new StoreError(`The transcript ${path} cannot be read.`, { problem: 'unreadable', cause });
    }
  }

  /** The events of an attempt. Lines that are none, such as a last one that was cut off by a crash, are left out. @throws StoreError */
  async *events(key: AttemptKey): AsyncGenerator<SweLancerEvent> {
    const path = this.folder.attempt(key).events;
    const input = createReadStream(path);
    try {
      for await (const line of createInterface({ input, crlfDelay: Infinity })) {
        const event = parseEvent(line);
        if (event !== undefined) yield event;
      }
    } catch (cause) {
      if (isMissing(cause)) return;
      throw new StoreError(`The events ${path} cannot be read.`, { problem: 'unreadable', cause });
    } finally {
      input.destroy();
    }
  }

  /** Files that were kept beside the result, such as screenshots and videos. */
  async artifacts(key: AttemptKey): Promise<readonly Artifact[]> {
    const root = this.folder.attempt(key).artifacts;
    let names: string[];
    try {
      names = await readdir(root, { recursive: true });
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
    const found = await Promise.all(
      names
        .sort()
        .map(async (name) => ({ name, path: join(root, name), facts: await stat(join(root, name)) })),
    );
    return found
      .filter(({ facts }) => facts.isFile())
      .map(({ name, path, facts }) => ({ name, path, bytes: facts.size }));
  }

  /** Whether a sample is one of the run as it is described now. */
  #isWanted(): (key: SampleKey) => boolean {
    const { dataset, epochs } = this.description;
    const wanted = new Set(dataset.tasks.map(({ id }) => id));
    return ({ taskId, epoch }) => wanted.has(taskId) && epoch <= epochs;
  }
}

function parseEvent(line: string): SweLancerEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
    // Written by `eventFile`, one event a line.
    return value as SweLancerEvent;
  } catch {
    return undefined;
  }
}
