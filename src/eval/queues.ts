import PQueue from 'p-queue';
import type { EvalConcurrency } from './eval-plan.js';

/** The lines a run's samples wait in. Their lengths can be changed while it runs. */
export class Queues {
  readonly tasks = new PQueue();
  readonly starts = new PQueue();
  readonly pulls = new PQueue();
  readonly grading = new PQueue();
  readonly modelCalls = new PQueue();
  /** Attempts that are to begin in a paused run: their samples have a place already. */
  readonly #held = new PQueue();

  constructor(concurrency: EvalConcurrency) {
    this.set(concurrency);
  }

  get isPaused(): boolean {
    return this.tasks.isPaused;
  }

  /** Lets no sample and no attempt begin until `start`. */
  pause(): void {
    this.tasks.pause();
    this.#held.pause();
  }

  start(): void {
    this.tasks.start();
    this.#held.start();
  }

  /** Resolves at once unless it is paused. */
  async untilRunning(): Promise<void> {
    while (this.isPaused) await this.#held.add(() => Promise.resolve());
  }

  set({ tasks, starts, pulls, grading, modelCalls }: EvalConcurrency): void {
    this.tasks.concurrency = tasks;
    this.starts.concurrency = starts;
    this.pulls.concurrency = pulls;
    this.grading.concurrency = grading;
    this.modelCalls.concurrency = modelCalls;
  }
}
