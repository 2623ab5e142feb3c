import { readFile, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { FetchedImage } from '../computer/computer-interface.js';
import type { TaskResult, UngradedResult } from '../result/task-result.js';
import { ConfigurationError } from '../errors.js';
import { recordOf } from '../result/record-of.js';
import { isMissing } from './is-missing.js';
import { type AttemptRecords, writeAttemptFiles, writeAttemptRecords } from './attempt-files.js';
import { differences } from './differences.js';
import { describedSamples } from './described-samples.js';
import { createFolder, syncFolders, writeDurably } from './durable-file.js';
import { StoreError } from './errors.js';
import { folderProblem } from './folder-problem.js';
import { FetchedImages } from './fetched-images.js';
import { Journal } from './journal.js';
import type { JournalRecord, SpentBeforeRecord, SpentRecord } from './journal-record.js';
import { removeLeftovers } from './leftovers.js';
import { type FolderLock, lockFolder } from './lock.js';
import { type Patience, patiently } from './patience.js';
import { readJournal } from './read-journal.js';
import { type RunDescription, runDescriptionSchema } from './run-description.js';
import { type AttemptFolder, runFolder, type RunFolder } from './run-folder.js';
import type { AttemptKey, SampleKey } from './sample-key.js';
import { type SampleState, SampleStates } from './sample-state.js';
import { readUngraded } from './read-ungraded.js';

export interface RunStoreOptions extends Patience {
  /** The folder. Created where it is missing. */
  readonly path: string;
  /** What the run is about. A folder that exists must be about the same. */
  readonly description: RunDescription;
  /** Continues a folder whose dataset, agent or configuration was another. Its journal says so. Default: false. */
  readonly allowChanges?: boolean | undefined;
  /** What to do where the folder is about something else, in a sentence for people. Default: names `allowChanges`. */
  readonly mismatchAdvice?: string | undefined;
  /**
   * Told when another process has taken the folder over, within seconds, also while nothing is written. From then on every
   * write throws that error.
   */
  readonly onLost?: ((error: StoreError) => void) | undefined;
}

/** What was found in a folder when it was opened: of the tasks and epochs that the run still has. */
export interface StoreFindings {
  /** Whether another process had been at work in it before. */
  readonly resumed: boolean;
  /** Samples that are done, and of these the ones an error ended. */
  readonly finished: number;
  readonly failed: number;
  /** Attempts that were under way when the process before died. */
  readonly interrupted: number;
  /** Samples whose work is there and needs no agent any more, only grading. */
  readonly ungraded: number;
  /** Lines that cannot be trusted: what they told is done again. */
  readonly damagedLines: number;
  /** Bytes of a last line that was being written when the process died. */
  readonly tornBytes: number;
  /** What is not as it was when the run was begun: empty, or allowed by `allowChanges`. */
  readonly changes: readonly string[];
}

/** The folder of a run, opened for writing by one process at a time. */
export class RunStore implements AsyncDisposable {
  readonly folder: RunFolder;
  readonly description: RunDescription;
  readonly found: StoreFindings;
  readonly #states: SampleStates;
  readonly #fetched: FetchedImages;
  readonly #journal: Journal;
  readonly #lock: FolderLock;
  readonly #patience: Patience;

  private constructor(
    folder: RunFolder,
    description: RunDescription,
    found: StoreFindings,
    parts: {
      readonly states: SampleStates;
      readonly fetched: FetchedImages;
      readonly journal: Journal;
      readonly lock: FolderLock;
      readonly patience: Patience;
    },
  ) {
    this.#patience = parts.patience;
    this.folder = folder;
    this.description = description;
    this.found = found;
    this.#states = parts.states;
    this.#fetched = parts.fetched;
    this.#journal = parts.journal;
    this.#lock = parts.lock;
  }

  /**
   * @throws StoreError when another process is at work in it, or when it is about something else. ConfigurationError for a path
   * that is none.
   */
  static async open(options: RunStoreOptions): Promise<RunStore> {
    const problem = folderProblem(options.path, 'path');
    if (problem !== undefined) throw new ConfigurationError(`RunStore.open cannot work so: ${problem}.`);
    return await patiently(options.path, options, () => RunStore.#open(options));
  }

  static async #open(options: RunStoreOptions): Promise<RunStore> {
    const folder = runFolder(options.path);
    await createFolder(folder.path);
    const lock = await lockFolder(folder.lock, { onLost: options.onLost });
    try {
      await removeLeftovers(folder);
      const { description, changes, existed } = await describe(folder, options);
      const { states, fetched, end, ...damage } = await recover(folder.journal);
      const { patienceMs, signal, onRetry } = options;
      const patience: Patience = { patienceMs, signal, onRetry };
      const journal = await Journal.open(folder.journal, { end, check: lock.check, ...patience });
      const found: StoreFindings = {
        resumed: existed,
        ...counted(describedSamples(description).map((key) => states.of(key))),
        ...damage,
        changes,
      };
      const store = new RunStore(folder, description, found, { states, fetched, journal, lock, patience });
      await store.#append({
        type: 'session.started',
        time: Date.now(),
        host: hostname(),
        pid: process.pid,
        ...(changes.length > 0 && { changes: [...changes] }),
      });
      return store;
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
  }

  state(key: SampleKey): SampleState {
    return this.#states.of(key);
  }

  /** How often in a row a process died with an attempt at the sample. */
  deaths(key: SampleKey): number {
    return this.#states.deaths(key);
  }

  attempt(key: AttemptKey): AttemptFolder {
    return this.folder.attempt(key);
  }

  started(key: AttemptKey): Promise<void> {
    return this.#append({ type: 'attempt.started', time: Date.now(), ...plain(key) });
  }

  /** Keeps that nobody got an attempt that was begun. */
  returned(key: AttemptKey): Promise<void> {
    return this.#append({ type: 'attempt.returned', time: Date.now(), ...plain(key) });
  }

  /** Keeps an agent's work before it is graded. */
  async collected(key: AttemptKey, work: UngradedResult): Promise<void> {
    const path = this.attempt(key).work;
    await patiently(path, this.#patience, async () => {
      await this.#lock.check();
      await writeDurably(path, `${JSON.stringify(work)}\n`);
      await this.#syncAttempt(key);
    });
    const { usage } = work;
    await this.#append({ type: 'attempt.collected', time: Date.now(), ...plain(key), usage });
  }

  /** Keeps transcript and events of an attempt that was run elsewhere, before its result. */
  async recorded(key: AttemptKey, records: AttemptRecords): Promise<void> {
    const files = this.attempt(key);
    await patiently(files.path, this.#patience, async () => {
      await this.#lock.check();
      await writeAttemptRecords(files, records);
    });
  }

  /** Keeps what attempts under way have spent so far. */
  spent(attempts: readonly SpentRecord[]): Promise<void> {
    return this.#append({ type: 'attempts.spent', time: Date.now(), attempts: [...attempts] });
  }

  /** Keeps what another run, whose work of a sample is taken over, had spent on it beside that work. */
  spentBefore({ taskId, epoch }: SampleKey, attempts: readonly SpentBeforeRecord[]): Promise<void> {
    const sample = { taskId, epoch };
    return this.#append({ type: 'spent.before', time: Date.now(), sample, attempts: [...attempts] });
  }

  /** The work of an earlier attempt, to be graded. Undefined where it is not whole: then the agent has to run again. */
  work(key: AttemptKey): Promise<UngradedResult | undefined> {
    return readUngraded(this.attempt(key).work);
  }

  /** Keeps that the work of an attempt cannot be read: nothing is there to be graded any more. */
  workDamaged(key: AttemptKey): Promise<void> {
    return this.#append({ type: 'work.damaged', time: Date.now(), ...plain(key) });
  }

  /** Keeps a result. What is in the files is there before the journal tells of it. */
  async finished(key: AttemptKey, result: TaskResult, { final }: { final: boolean }): Promise<void> {
    const files = this.attempt(key);
    await patiently(files.path, this.#patience, async () => {
      await this.#lock.check();
      await writeAttemptFiles(files, result);
      await this.#syncAttempt(key);
    });
    const record = recordOf(result);
    await this.#append({ type: 'attempt.finished', time: Date.now(), ...plain(key), final, result: record });
  }

  /** What has been fetched for the run, by this process and those before it: the last copy on each engine. */
  get fetchedImages(): readonly FetchedImage[] {
    return this.#fetched.all();
  }

  /** Keeps that an image was fetched, so that a later process may let it go. */
  async imageFetched(fetched: FetchedImage): Promise<void> {
    if (this.#fetched.has(fetched)) return;
    const { image, engine, copy } = fetched;
    const record = { type: 'image.fetched', time: Date.now(), image, engine, copy } as const;
    // Before it is kept: each of those who waited for the image tells of it.
    this.#fetched.take(record);
    await this.#append(record);
  }

  ended(outcome: 'completed' | 'cancelled' | 'stopped'): Promise<void> {
    return this.#append({ type: 'session.ended', time: Date.now(), outcome });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#journal[Symbol.asyncDispose]();
    } finally {
      await this.#lock[Symbol.asyncDispose]();
    }
  }

  /** Others create folders here too, without making them last. */
  async #syncAttempt(key: AttemptKey): Promise<void> {
    const { path } = this.attempt(key);
    await syncFolders(dirname(path), this.folder.path);
  }

  async #append(record: JournalRecord): Promise<void> {
    await this.#journal.append(record);
    this.#states.take(record);
  }
}

function counted(
  samples: readonly SampleState[],
): Pick<StoreFindings, 'finished' | 'failed' | 'interrupted' | 'ungraded'> {
  const count = (matches: (state: SampleState) => boolean) => samples.filter(matches).length;
  return {
    finished: count(({ finished }) => finished),
    failed: count(({ finished, failed }) => finished && failed),
    interrupted: count(({ ended, returned }) => !ended && !returned),
    ungraded: count(({ finished, collected }) => !finished && collected !== undefined),
  };
}

/** A key may come with more fields, and a record is to have these only. */
function plain({ taskId, epoch, attempt }: AttemptKey): AttemptKey {
  return { taskId, epoch, attempt };
}

async function describe(
  folder: RunFolder,
  {
    description,
    allowChanges,
    mismatchAdvice = 'Use another folder, or pass `allowChanges` to mix both.',
  }: RunStoreOptions,
) {
  const existing = await readDescription(folder.description);
  if (existing === undefined) {
    await refuseOrphan(folder);
    await writeDurably(folder.description, `${JSON.stringify(description, undefined, 2)}\n`);
    return { description, changes: [], existed: false };
  }
  const changes = differences(existing, description);
  if (changes.length > 0 && allowChanges !== true) {
    throw new StoreError(
      `The run in ${folder.path} is another one: ${changes.join('; ')}. ${mismatchAdvice}`,
      { problem: 'mismatch' },
    );
  }
  if (changes.length === 0) return { description: existing, changes, existed: true };
  // The run is about the new one from here on; that it was another is in the journal.
  const { runId, createdAt } = existing;
  const changed = { ...description, runId, createdAt };
  await writeDurably(folder.description, `${JSON.stringify(changed, undefined, 2)}\n`);
  return { description: changed, changes, existed: true };
}

/** A description is there before the journal: where it has gone, nobody knows what the journal is about. */
async function refuseOrphan({ path, journal, description }: RunFolder): Promise<void> {
  try {
    if ((await stat(journal)).size === 0) return;
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  throw new StoreError(
    `The run in ${path} has lost its run.json, so that nobody knows what its journal is about. Bring ${description} back, or use another folder.`,
    { problem: 'unreadable' },
  );
}

async function readDescription(path: string): Promise<RunDescription | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return parseDescription(text, path);
}

/** @throws StoreError `unreadable` */
export function parseDescription(text: string, path: string): RunDescription {
  try {
    return runDescriptionSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new StoreError(`${path} is not the description of a run this version can read.`, {
      problem: 'unreadable',
      cause,
    });
  }
}

/** Everything a journal tells, and where what can be kept of it ends. */
async function recover(path: string) {
  const states = new SampleStates();
  const fetched = new FetchedImages();
  let end = 0;
  let damagedLines = 0;
  let tornBytes = 0;
  for await (const entry of readJournal(path)) {
    if (!entry.complete) {
      tornBytes = entry.end - end;
      break;
    }
    end = entry.end;
    if (entry.record === undefined) {
      damagedLines++;
      continue;
    }
    states.take(entry.record);
    fetched.take(entry.record);
  }
  return { states, fetched, end, damagedLines, tornBytes };
}
