import type { EventScope } from '../events/event-scope.js';
import type { RunEvents } from '../events/run-events.js';
import { runSummary } from '../metrics/run-summary.js';
import { describedSamples } from '../store/described-samples.js';
import type { RunDescription } from '../store/run-description.js';
import { RunStore, type StoreFindings } from '../store/run-store.js';
import { readResult } from '../store/read-result.js';
import type { ResultRecord } from '../result/task-result.js';
import type { SampleKey } from '../store/sample-key.js';
import { StoredRun } from '../store/stored-run.js';
import type { EvalOptions } from './eval-options.js';
import { CommandCeilings } from './command-ceilings.js';
import { changedConcurrency, type EvalConcurrency, type EvalPlan } from './eval-plan.js';
import type { EvalOutcome, EvalRun } from './eval-run.js';
import { type EvalStore, MemoryStore } from './eval-store.js';
import { ProgressTracker } from './progress.js';
import { Queues } from './queues.js';
import { type ReadAgain, ResultStream } from './result-stream.js';
import type { EvalRetries } from './retries.js';
import { RunControl } from './run-control.js';
import { runResults } from './run-results.js';
import { runSamples } from './run-samples.js';

export interface EvalSessionParts {
  readonly options: EvalOptions;
  readonly plan: EvalPlan & { readonly retries: EvalRetries };
  readonly events: RunEvents;
  readonly description: RunDescription;
  /** `grading`: only work that is saved and has no score. Default: everything that is not finished. */
  readonly only?: 'grading' | undefined;
}

/** One process's work on a run, from opening its store to its outcome. */
export class EvalSession {
  readonly #parts: EvalSessionParts;
  readonly #queues: Queues;
  readonly #ceilings: CommandCeilings;
  readonly #control: RunControl;
  readonly #progress: ProgressTracker;
  readonly #results = new ResultStream();
  readonly #startedAt = performance.now();
  #scope: EventScope;
  #concurrency: EvalConcurrency;

  constructor(parts: EvalSessionParts) {
    this.#parts = parts;
    this.#concurrency = parts.plan.concurrency;
    this.#queues = new Queues(parts.plan.concurrency);
    this.#ceilings = new CommandCeilings(parts.options.runtime, parts.plan.concurrency);
    // A paused line would never come to its end.
    this.#control = new RunControl(() => this.#queues.start());
    this.#progress = new ProgressTracker(parts.plan);
    this.#scope = parts.events.scope({ runId: parts.description.runId }).span();
  }

  begin(): EvalRun {
    const outcome = this.#run();
    // Whoever awaits the run is told; nobody may be waiting yet.
    outcome.catch(() => undefined);
    const runId = () => this.#runId();
    const plan = () => ({ ...this.#parts.plan, concurrency: this.#concurrency });
    const { events } = this.#parts;
    return {
      get runId() {
        return runId();
      },
      get plan() {
        return plan();
      },
      events,
      then: (onFulfilled, onRejected) => outcome.then(onFulfilled, onRejected),
      [Symbol.asyncIterator]: () => this.#results[Symbol.asyncIterator](),
      [Symbol.asyncDispose]: async () => {
        this.#control.end('cancelled', 'the run was disposed of');
        await outcome.catch(() => undefined);
      },
      pause: () => this.#pause(),
      resume: () => this.#resume(),
      cancel: (reason) => this.#control.end('cancelled', reason ?? 'the run was cancelled'),
      setConcurrency: (change) => this.#setConcurrency(change),
      inFlight: () => this.#progress.inFlight(),
      progress: () => this.#progress.progress(),
    };
  }

  async #run(): Promise<EvalOutcome> {
    const { options, events } = this.#parts;
    const { signal } = options;
    const cancel = () => this.#control.end('cancelled', 'the caller cancelled it', signal?.reason);
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted) cancel();
    // Two runs may share their events.
    const follow = (['phase.started', 'phase.finished', 'phase.failed'] as const).map((type) =>
      events.on(type, (event) => {
        if (event.runId === this.#runId()) this.#progress.follow(event);
      }),
    );
    try {
      const store = await this.#openStore();
      await this.#work(store);
      const outcome = await this.#outcome(store);
      this.#results.end();
      return outcome;
    } catch (error) {
      this.#results.end({ failure: { error } });
      throw error;
    } finally {
      for (const subscription of follow) subscription[Symbol.dispose]();
      signal?.removeEventListener('abort', cancel);
    }
  }

  async #openStore(): Promise<EvalStore> {
    const { options, description, events } = this.#parts;
    if (options.store === undefined) return new MemoryStore();
    const store = await RunStore.open({
      path: options.store,
      description,
      allowChanges: options.allowChanges,
      signal: this.#control.signal,
      onLost: (error) => this.#control.fail(error),
      onRetry: (error) =>
        this.#scope.emit('diagnostic', {
          message: `The store could not be written and is tried again: ${error instanceof Error ? error.message : String(error)}`,
        }),
    });
    this.#scope = events.scope({ runId: store.description.runId }).span();
    return store;
  }

  async #work(store: EvalStore): Promise<void> {
    const { options, plan, events, only } = this.#parts;
    let outcome: 'failed' | EvalOutcome['status'] = 'failed';
    try {
      await this.#countEarlier(store);
      this.#scope.emit('run.started', {
        tasks: plan.tasks,
        epochs: plan.epochs,
        samples: plan.samples,
        availableDollars: plan.availableDollars,
        ...(store.found?.resumed === true && { found: told(store.found) }),
      });
      await runSamples({
        options,
        plan,
        events,
        scope: this.#scope,
        queues: this.#queues,
        runtime: this.#ceilings.runtime,
        store,
        control: this.#control,
        progress: this.#progress,
        isFinished: ({ task, epoch }) => this.#isFinished(store, { taskId: task.id, epoch }),
        onlyGrading: only === 'grading',
        onResult: (result) => this.#results.push(result, readAgain(store, result)),
      });
      if (this.#control.failure !== undefined) throw this.#control.failure.error;
      await store.ended(this.#control.status);
      outcome = this.#control.status;
    } finally {
      await store[Symbol.asyncDispose]();
      const { finished, earnedDollars } = this.#progress.progress();
      this.#scope.emit('run.finished', {
        outcome,
        samples: finished,
        earnedDollars,
        durationMs: this.#elapsed(),
      });
    }
  }

  async #countEarlier(store: EvalStore): Promise<void> {
    const { store: path } = this.#parts.options;
    if (path === undefined || store.found?.resumed !== true) return;
    const run = await StoredRun.open(path);
    for (const record of await run.records()) {
      if (store.state(record).finished && this.#isFinished(store, record))
        this.#progress.finish(record, 'earlier');
    }
  }

  #isFinished(store: EvalStore, key: SampleKey): boolean {
    const { finished, failed, collected } = store.state(key);
    if (this.#parts.only === 'grading') return collected === undefined || (finished && !failed);
    return finished && !(failed && this.#parts.options.rerunErrors === true);
  }

  async #outcome(store: EvalStore): Promise<EvalOutcome> {
    const { store: folder, dataset, labels, seed } = this.#parts.options;
    const taskIds = [...dataset].map(({ id }) => id);
    const { records, attempts, unfinished } = await runResults(store, folder, taskIds);
    return {
      status: this.#control.status,
      runId: this.#runId(),
      folder,
      records,
      summary: runSummary(records, {
        tasks: dataset,
        expected: describedSamples(this.#parts.description),
        attempts,
        unfinished,
        labels,
        ...(seed !== undefined && { seed }),
      }),
      found: store.found,
      durationMs: this.#elapsed(),
    };
  }

  #pause(): void {
    // A run that ends has to come to the end of its line.
    if (this.#queues.isPaused || this.#control.signal.aborted) return;
    this.#queues.pause();
    this.#scope.emit('run.paused', {});
  }

  #resume(): void {
    if (!this.#queues.isPaused) return;
    this.#queues.start();
    this.#scope.emit('run.continued', {});
  }

  #setConcurrency(change: number | Partial<EvalConcurrency>): void {
    const values = changedConcurrency(this.#concurrency, change);
    this.#concurrency = values;
    this.#queues.set(values);
    this.#ceilings.set(values);
  }

  #runId(): string {
    return this.#scope.context.runId ?? this.#parts.description.runId;
  }

  #elapsed(): number {
    return Math.round(performance.now() - this.#startedAt);
  }
}

/** Where a result is on disk. What is given back does not hold it. */
function readAgain(store: EvalStore, { taskId, epoch, attempt }: ResultRecord): ReadAgain | undefined {
  const folder = store.attempt({ taskId, epoch, attempt });
  return folder && (() => readResult(folder.result));
}

/** For the event that opens a session. */
function told({ finished, interrupted, damagedLines, tornBytes }: StoreFindings) {
  return { finished, interrupted, damagedLines, tornBytes };
}
