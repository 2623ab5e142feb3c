import type { ComputerRuntime } from '../computer/computer-interface.js';
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
}

/** Milliseconds. A published image has 14 GB. */
const prefetchTimeoutMs = 3_600_000;
const evictTimeoutMs = 120_000;
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
  /** Past their last use and perhaps still there, those asked about longest ago first. */
  readonly #done = new Set<string>();
  #removing = false;
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
  }

  /** A sample of this task begins. */
  begin(task: Task): void {
    const { runtime, imageOf, events, signal, pullGate } = this.#options;
    const image = imageOf(task);
    const next = this.#next.get(image);
    this.#next.delete(image);
    if (next === undefined || runtime?.prefetchImage === undefined) return;
    this.#keep(
      runtime.prefetchImage(next, {
        signal,
        timeoutMs: prefetchTimeoutMs,
        pullGate,
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
    // Whatever is past its use: an image that there was room for once may be in the way of the next one now.
    if (this.#done.size > 0 && !this.#removing) this.#keep(this.#remove());
  }

  async #remove(): Promise<void> {
    const { runtime, keepFreeBytes } = this.#options;
    this.#removing = true;
    try {
      let refusals = 0;
      for (const image of [...this.#done]) {
        if (runtime?.evictImage === undefined || refusals === refusalsOfRound) return;
        this.#done.delete(image);
        const limits = { belowFreeBytes: keepFreeBytes, timeoutMs: evictTimeoutMs };
        const isGone = await runtime.evictImage(image, limits).catch(() => false);
        if (isGone) continue;
        refusals++;
        this.#done.add(image);
      }
    } finally {
      this.#removing = false;
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
