import type { FetchedImage } from '../computer/computer-interface.js';
import type { TaskResult, UngradedResult } from '../result/task-result.js';
import { recordOf } from '../result/record-of.js';
import type { ResultRecord } from '../result/task-result.js';
import type { AttemptRecords } from '../store/attempt-files.js';
import type { StoreFindings } from '../store/run-store.js';
import type { JournalRecord, SpentRecord } from '../store/journal-record.js';
import type { AttemptFolder } from '../store/run-folder.js';
import { type AttemptKey, type SampleKey, sampleKeyText } from '../store/sample-key.js';
import { type SampleState, SampleStates } from '../store/sample-state.js';
import { type UnfinishedAttempt, UnfinishedAttempts } from '../store/unfinished-attempts.js';

/** Where an evaluation keeps what has happened: a folder (`RunStore`) or this process's memory. */
export interface EvalStore extends AsyncDisposable {
  readonly found?: StoreFindings | undefined;
  state(key: SampleKey): SampleState;
  /** How often in a row a process died with an attempt at the sample. */
  deaths(key: SampleKey): number;
  /** Where an attempt's files belong. Undefined where nothing is on disk. */
  attempt(key: AttemptKey): AttemptFolder | undefined;
  started(key: AttemptKey): Promise<void>;
  collected(key: AttemptKey, work: UngradedResult): Promise<void>;
  work(key: AttemptKey): Promise<UngradedResult | undefined>;
  /** That work cannot be read, and nothing is there to be graded any more. */
  workDamaged(key: AttemptKey): Promise<void>;
  /** Transcript and events of an attempt that was run elsewhere, in place of what is there. */
  recorded(key: AttemptKey, records: AttemptRecords): Promise<void>;
  /** What attempts under way have spent, for the case that no result of theirs comes. */
  spent(attempts: readonly SpentRecord[]): Promise<void>;
  finished(key: AttemptKey, result: TaskResult, options: { final: boolean }): Promise<void>;
  /** What has been fetched for the run, by this process and those before it: the last copy on each engine. */
  readonly fetchedImages: readonly FetchedImage[];
  imageFetched(fetched: FetchedImage): Promise<void>;
  ended(outcome: 'completed' | 'cancelled' | 'stopped'): Promise<void>;
}

/** Keeps results without their long texts, and the work of samples that are not finished. */
export class MemoryStore implements EvalStore {
  readonly #states = new SampleStates();
  readonly #work = new Map<string, UngradedResult>();
  readonly #attempts: ResultRecord[] = [];
  readonly #records: ResultRecord[] = [];
  readonly #unfinished = new UnfinishedAttempts();
  /** The runtime of this process knows itself what it fetched. */
  readonly fetchedImages = [];

  get records(): readonly ResultRecord[] {
    return this.#records;
  }

  /** Every attempt, retried ones included. */
  get attempts(): readonly ResultRecord[] {
    return this.#attempts;
  }

  /** Those that ended in no result here: they go on without this process. */
  get unfinished(): readonly UnfinishedAttempt[] {
    return this.#unfinished.all();
  }

  state(key: SampleKey): SampleState {
    return this.#states.of(key);
  }

  deaths(): number {
    return 0;
  }

  attempt(): undefined {
    return undefined;
  }

  async started(key: AttemptKey): Promise<void> {
    this.#take({ type: 'attempt.started', time: Date.now(), ...key });
  }

  async collected(key: AttemptKey, work: UngradedResult): Promise<void> {
    this.#work.set(sampleKeyText(key), work);
    const { usage } = work;
    this.#take({ type: 'attempt.collected', time: Date.now(), ...key, usage });
  }

  async work(key: AttemptKey): Promise<UngradedResult | undefined> {
    return this.#work.get(sampleKeyText(key));
  }

  async workDamaged(key: AttemptKey): Promise<void> {
    this.#take({ type: 'work.damaged', time: Date.now(), ...key });
  }

  async recorded(): Promise<void> {
    // Nothing is on disk.
  }

  async spent(attempts: readonly SpentRecord[]): Promise<void> {
    this.#take({ type: 'attempts.spent', time: Date.now(), attempts: [...attempts] });
  }

  async finished(key: AttemptKey, result: TaskResult, { final }: { final: boolean }): Promise<void> {
    const record = recordOf(result);
    this.#take({ type: 'attempt.finished', time: Date.now(), ...key, final, result: record });
    this.#attempts.push(record);
    if (!final) return;
    this.#work.delete(sampleKeyText(key));
    this.#records.push(record);
  }

  async imageFetched(): Promise<void> {
    // It is for later processes.
  }

  async ended(): Promise<void> {
    // Nobody reads it later.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is open.
  }

  #take(record: JournalRecord): void {
    this.#states.take(record);
    this.#unfinished.take(record);
  }
}
