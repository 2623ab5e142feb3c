import type { ComputerRuntime, FetchedImage, ImageEviction } from '../computer/computer-interface.js';
import type { Task } from '../dataset/task.js';
import type { EventScope } from '../events/event-scope.js';
import type { Gate } from '../gate.js';
import type { Sample } from './sample.js';

export interface ImageScheduleOptions {
  /** Left out where the samples run elsewhere. */
  readonly runtime: ComputerRuntime | undefined;
  /** In the order in which they begin. */
  readonly samples: readonly Sample[];
  readonly imageOf: (task: Task) => string;
  readonly events: EventScope;
  readonly signal: AbortSignal;
  /** Around each fetch of an image. */
  readonly pullGate: Gate;
  /** Bytes of disk to keep free by removing images that were fetched and have had their last use. */
  readonly keepFreeBytes: number;
  /** What was fetched for the run before: by processes that may have died. */
  readonly fetchedBefore: readonly FetchedImage[];
  /** Told of each image that is fetched ahead. */
  readonly onFetched: (fetched: FetchedImage) => void;
}

/** Milliseconds. A published image has 14 GB. */
const prefetchTimeoutMs = 3_600_000;
const evictTimeoutMs = 120_000;
const refusal: ImageEviction = { removed: false, mayGoLater: true };
/** After so many refusals a round of removals ends: the disk is free enough, or other computers still use the images. */
const refusalsOfRound = 2;

/**
 * Fetches the next image while samples of this one run, and lets images go after their last use when the disk gets full.
 * For runtimes that fetch images themselves; what fails here is met, and told, by the start that needs the image.
 */
export class ImageSchedule implements AsyncDisposable {
  readonly #options: ImageScheduleOptions;
  readonly #left = new Map<string, number>();
  readonly #next = new Map<string, string>();
  /** Past their last use, in an earlier session too, and perhaps still there, those asked about longest ago first. */
  readonly #done = new Set<string>();
  #removing: Promise<void> | undefined;
  /** How many images have gone. */
  #gone = 0;
  #underWay = 0;
  /** Samples under way that wait for room. */
  #waiting = 0;
  /** Wake those that wait, to look again. */
  #wakers: (() => void)[] = [];
  readonly #work = new Set<Promise<unknown>>();

  constructor(options: ImageScheduleOptions) {
    this.#options = options;
    let previous: string | undefined;
    for (const { task } of options.samples) {
      const image = options.imageOf(task);
      if (previous !== undefined && !this.#left.has(image)) this.#next.set(previous, image);
      this.#left.set(image, (this.#left.get(image) ?? 0) + 1);
      previous = image;
    }
    for (const { image } of options.fetchedBefore) if (!this.#left.has(image)) this.#done.add(image);
    this.#keep(this.#makeRoom());
  }

  /** A sample of this task begins. */
  begin(task: Task): void {
    this.#underWay++;
    const { runtime, imageOf, events, signal, pullGate, onFetched } = this.#options;
    const image = imageOf(task);
    const next = this.#next.get(image);
    this.#next.delete(image);
    if (next === undefined || runtime?.prefetchImage === undefined) return;
    this.#keep(
      runtime.prefetchImage(next, {
        signal,
        timeoutMs: prefetchTimeoutMs,
        pullGate,
        onFetched,
        emit: (type, data) => events.emit(type, data),
      }),
    );
  }

  /** A sample of this task has ended. */
  end(task: Task): void {
    const image = this.#options.imageOf(task);
    const left = (this.#left.get(image) ?? 1) - 1;
    this.#left.set(image, left);
    if (left <= 0) this.#done.add(image);
    this.#underWay--;
    void this.#makeRoom();
    this.#look();
  }

  /** How many images have gone so far, for `roomSince`. */
  get gone(): number {
    return this.#gone;
  }

  /**
   * Whether an image has gone since there were `gone`, so that what found no room may find it now. Waits for that while
   * samples are under way whose images may go at their end.
   */
  async roomSince(gone: number): Promise<boolean> {
    const { runtime, signal } = this.#options;
    if (runtime?.evictImage === undefined) return false;
    const look = () => this.#look();
    signal.addEventListener('abort', look);
    this.#waiting++;
    this.#look();
    try {
      for (;;) {
        const changed = new Promise<void>((resolve) => this.#wakers.push(resolve));
        await this.#makeRoom();
        if (this.#gone > gone) return true;
        if (signal.aborted || this.#underWay <= this.#waiting) return false;
        await changed;
      }
    } finally {
      this.#waiting--;
      signal.removeEventListener('abort', look);
    }
  }

  #look(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }

  /** Whatever is past its use goes: an image that there was room for once may be in the way of the next one now. */
  async #makeRoom(): Promise<void> {
    if (this.#done.size === 0 || this.#options.runtime?.evictImage === undefined) return;
    this.#removing ??= this.#remove();
    this.#keep(this.#removing);
    await this.#removing;
  }

  async #remove(): Promise<void> {
    const { runtime, keepFreeBytes, fetchedBefore } = this.#options;
    try {
      let refusals = 0;
      for (const image of [...this.#done]) {
        // Whoever waits for room is waiting for the first that goes, wherever it stands.
        const isEnough = refusals >= refusalsOfRound && this.#waiting === 0;
        if (runtime?.evictImage === undefined || isEnough) return;
        this.#done.delete(image);
        const call = { belowFreeBytes: keepFreeBytes, fetchedBefore, timeoutMs: evictTimeoutMs };
        const { removed, mayGoLater } = await runtime.evictImage(image, call).catch(() => refusal);
        if (removed) this.#gone++;
        else if (mayGoLater) refusals++;
        if (mayGoLater) this.#done.add(image);
      }
    } finally {
      this.#removing = undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#work);
  }

  #keep(work: Promise<unknown>): void {
    const settled = work
      .catch(() => undefined)
      .finally(() => {
        this.#work.delete(settled);
      });
    this.#work.add(settled);
  }
}
