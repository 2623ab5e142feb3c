import PQueue from 'p-queue';
import type { EvalConcurrency } from './eval-plan.js';

/** The lines a run's samples wait in. Their lengths can be changed while it runs. */
export class Queues {
  readonly tasks = new PQueue();
  readonly starts = new PQueue();
  readonly pulls = new PQueue();
  readonly grading = new PQueue();
  readonly modelCalls = new PQueue();

  constructor(concurrency: EvalConcurrency) {
    this.set(concurrency);
  }

  set({ tasks, starts, pulls, grading, modelCalls }: EvalConcurrency): void {
    this.tasks.concurrency = tasks;
    this.starts.concurrency = starts;
    this.pulls.concurrency = pulls;
    this.grading.concurrency = grading;
    this.modelCalls.concurrency = modelCalls;
  }
}
