import { ConfigurationError } from '../errors.js';
import { nearestName } from '../nearest-name.js';
import { type BadRowOptions, type LoadedTasks, RowCollector } from './bad-rows.js';
import { type CsvOptions, readCsv } from './csv-reader.js';
import { DatasetError, type DatasetProblem } from './errors.js';
import { datasetFingerprint } from './fingerprint.js';
import { type IssuesDirectoryOptions, readIssuesDirectory } from './issue-folder.js';
import { checkTask, formatJsonl, idOf, type JsonlOptions, readJsonl } from './jsonl.js';
import type { Exclusion } from './known-exclusions.js';
import { seededShuffle } from './seeded-shuffle.js';
import type { Task, TaskVariant } from './task.js';
import type { TaskSource } from './task-source.js';
import type { TextMode } from './text-decoding.js';
import { type DatasetTotals, datasetTotals } from './totals.js';
import { addIssues } from './with-issues.js';

/**
 * Tasks in a fixed order. Immutable: every selection gives a new dataset, and the tasks themselves are frozen.
 * Tasks carry their secrets; show an agent `publicTask(task)` only.
 */
export class Dataset implements Iterable<Task> {
  readonly #tasks: ReadonlyMap<string, Task>;
  readonly #origin: Origin;

  private constructor(tasks: Iterable<Task>, origin: Origin) {
    this.#tasks = new Map(Array.from(tasks, (task) => [task.id, task]));
    this.#origin = origin;
  }

  /**
   * Reads the benchmark's CSV of any generation: the current one, the lite file, and the paper's with a `prompt` column.
   *
   * @throws DatasetError that lists every bad row, unless `onBadRow` is `skip`.
   */
  static async fromCsv(source: TaskSource, options: CsvOptions = {}): Promise<Dataset> {
    return Dataset.#of(await readCsv(source, options), options.text ?? 'clean');
  }

  /** Reads a directory of `<id>/` folders, each an IC task with its gold patch. */
  static async fromIssuesDirectory(
    directory: string,
    options: IssuesDirectoryOptions = {},
  ): Promise<Dataset> {
    return Dataset.#of(await readIssuesDirectory(directory, options), 'clean');
  }

  /** Reads what `toJsonl` wrote. */
  static async fromJsonl(source: TaskSource, options: JsonlOptions = {}): Promise<Dataset> {
    return Dataset.#of(await readJsonl(source, options), 'clean');
  }

  /** Checks and copies tasks that were made in memory. */
  static fromTasks(tasks: Iterable<Task>, options: BadRowOptions = {}): Dataset {
    const rows = new RowCollector(undefined, options);
    for (const task of tasks) rows.add(checkTask(task), { taskId: idOf(task) });
    return Dataset.#of(rows.finish(), 'clean');
  }

  static #of(loaded: LoadedTasks, text: TextMode): Dataset {
    loaded.tasks.forEach(deepFreeze);
    return new Dataset(loaded.tasks, { skipped: Object.freeze([...loaded.skipped]), excluded: [], text });
  }

  get size(): number {
    return this.#tasks.size;
  }

  get ids(): readonly string[] {
    return [...this.#tasks.keys()];
  }

  /** Bad rows that were left out by `onBadRow: 'skip'`. */
  get skipped(): readonly DatasetProblem[] {
    return this.#origin.skipped;
  }

  /** Tasks that `exclude` took out of this dataset or of one it was made from. */
  get excluded(): readonly Exclusion[] {
    return this.#origin.excluded;
  }

  /** SHA-256 in hexadecimal over all tasks and their secrets. The order of the tasks does not matter. */
  get fingerprint(): string {
    return datasetFingerprint([...this]);
  }

  [Symbol.iterator](): Iterator<Task> {
    return this.#tasks.values();
  }

  /** @throws DatasetError for an id that is not there, naming the nearest that is; `has` asks without that. */
  get(id: string): Task {
    const task = this.#tasks.get(id);
    if (task === undefined) throw this.#unknown([id]);
    return task;
  }

  has(id: string): boolean {
    return this.#tasks.has(id);
  }

  filter(keep: (task: Task) => boolean): Dataset {
    return this.#with([...this].filter(keep));
  }

  /**
   * The tasks with these ids, in this order.
   *
   * @throws DatasetError that names every id the dataset does not hold, with the nearest one it does.
   */
  select(ids: Iterable<string>): Dataset {
    const wanted = [...new Set(ids)];
    this.#refuseUnknown(wanted.filter((id) => !this.#tasks.has(id)));
    return this.#with(wanted.flatMap((id) => this.#tasks.get(id) ?? []));
  }

  variant(variant: TaskVariant | 'all'): Dataset {
    return variant === 'all' ? this : this.filter((task) => task.variant === variant);
  }

  /**
   * The tasks of one split, such as `diamond`. `all` keeps every task.
   *
   * @throws DatasetError if no task is left, saying which splits there are.
   */
  split(split: string): Dataset {
    if (split === 'all') return this;
    const chosen = this.filter((task) => task.split === split);
    if (chosen.size > 0) return chosen;
    const names = [...new Set([...this].flatMap((task) => task.split ?? []))];
    const known = names.length === 0 ? 'Its tasks name no split' : `Its splits are ${names.join(', ')}`;
    throw new DatasetError(
      `The split ${split} selects no task of this dataset. ${known}; 'all' keeps every task.`,
    );
  }

  /**
   * Leaves tasks out and says so on `excluded`. A bare id must be there, so that a misspelt one does not stay in by
   * accident; an entry with a reason comes from a list that may serve several datasets, and may be absent.
   */
  exclude(exclusions: Iterable<string | Exclusion>): Dataset {
    const given = [...exclusions];
    const gone = new Set(this.excluded.map(({ id }) => id));
    this.#refuseUnknown(
      given.filter((item) => typeof item === 'string').filter((id) => !this.#tasks.has(id) && !gone.has(id)),
    );
    const reasons = new Map(
      given.map((item) =>
        typeof item === 'string' ? [item, 'excluded by the caller'] : [item.id, item.reason],
      ),
    );
    const excluded = [...reasons]
      .filter(([id]) => this.#tasks.has(id))
      .map(([id, reason]) => ({ id, reason }));
    const kept = [...this].filter((task) => !reasons.has(task.id));
    return new Dataset(kept, { ...this.#origin, excluded: Object.freeze([...this.excluded, ...excluded]) });
  }

  /** The first `count` tasks. */
  limit(count: number): Dataset {
    if (!Number.isInteger(count) || count < 0) {
      throw new ConfigurationError(`The limit ${count} must be a whole number of tasks, 0 or more.`);
    }
    return this.#with([...this].slice(0, count));
  }

  /** Fisher–Yates with mulberry32. The same order and seed (0 to 2^32 - 1) give the same order everywhere. */
  shuffle(seed: number): Dataset {
    return this.#with(seededShuffle([...this], seed));
  }

  /** Tasks worth `minimum` to `maximum` dollars, both included. Default maximum: none. */
  priceBetween(minimum: number, maximum = Number.POSITIVE_INFINITY): Dataset {
    if (!(minimum <= maximum)) {
      throw new ConfigurationError(`No price is between ${minimum} and ${maximum}.`);
    }
    return this.filter((task) => task.price >= minimum && task.price <= maximum);
  }

  /** Counts and dollars, overall and per variant and split. */
  totals(): DatasetTotals {
    return datasetTotals([...this]);
  }

  /**
   * Adds what the issues' folders know to IC tasks: the gold patch and base commit, and, unless the text was read
   * faithfully, title and description as they were before the CSV was written. Tasks without a folder stay as they are.
   */
  async withIssues(directory: string, options: BadRowOptions = {}): Promise<Dataset> {
    const { tasks, skipped } = await addIssues([...this], directory, this.#origin.text, options);
    tasks.forEach(deepFreeze);
    return new Dataset(tasks, { ...this.#origin, skipped: Object.freeze([...this.skipped, ...skipped]) });
  }

  /** One task a line, **with its answers and gold patches**: keep the text where no agent can read it. */
  toJsonl(): string {
    return formatJsonl(this);
  }

  #with(tasks: Iterable<Task>): Dataset {
    return new Dataset(tasks, this.#origin);
  }

  #refuseUnknown(unknown: readonly string[]): void {
    if (unknown.length > 0) throw this.#unknown(unknown);
  }

  #unknown(unknown: readonly string[]): DatasetError {
    const excluded = new Map(this.excluded.map(({ id, reason }) => [id, reason]));
    return new DatasetError(
      `${unknown.length} of the ids are not in this dataset of ${this.size} tasks.`,
      unknown.map((taskId) => ({ taskId, reason: unknownReason(taskId, excluded.get(taskId), this.ids) })),
    );
  }
}

interface Origin {
  readonly skipped: readonly DatasetProblem[];
  readonly excluded: readonly Exclusion[];
  readonly text: TextMode;
}

function unknownReason(id: string, excludedBecause: string | undefined, known: readonly string[]): string {
  if (excludedBecause !== undefined) return `was excluded: ${excludedBecause}`;
  const nearest = nearestName(id, known);
  return nearest === undefined ? 'unknown' : `unknown; did you mean ${nearest}?`;
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  Object.values(value).forEach(deepFreeze);
}
