import PQueue from 'p-queue';
import type { Gate } from '../gate.js';
import type { EvalConcurrency } from './eval-plan.js';

/** The lines a run's samples wait in. Their lengths can be changed while it runs. */
export class Queues {
  readonly tasks = new PQueue();
  readonly starts = new PQueue();
  readonly grading = new PQueue();
  readonly modelCalls = new PQueue();

  constructor(concurrency: EvalConcurrency) {
    this.set(concurrency);
  }

  set({ tasks, starts, grading, modelCalls }: EvalConcurrency): void {
    this.tasks.concurrency = tasks;
    this.starts.concurrency = starts;
    this.grading.concurrency = grading;
    this.modelCalls.concurrency = modelCalls;
  }
}

/** A signal takes work out of the line; work that is under way ends by itself, and keeps its place until then. */
export function gateOf(queue: PQueue): Gate {
  return async (work, signal) => {
    signal?.throwIfAborted();
    const leave = new AbortController();
    const onAbort = () => leave.abort(signal?.reason);
    const stay = () => signal?.removeEventListener('abort', onAbort);
    signal?.addEventListener('abort', onAbort);
    try {
      return await queue.add(
        async () => {
          stay();
          return await work();
        },
        { signal: leave.signal },
      );
    } finally {
      stay();
    }
  };
}
