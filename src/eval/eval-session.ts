import { pooledRuntime } from '../computer/pool/pooled-runtime.js';
import type { ComputerRuntime } from '../computer/computer-interface.js';
import type { Task } from '../dataset/task.js';
import type { EventScope } from '../events/event-scope.js';
import type { RunEvents } from '../events/run-events.js';
import { runSummary } from '../metrics/run-summary.js';
import type { ResultRecord } from '../result/task-result.js';
import type { RunDescription } from '../store/run-description.js';
import { RunStore } from '../store/run-store.js';
import { inDatasetOrder } from '../store/in-dataset-order.js';
import type { SampleKey } from '../store/sample-key.js';
import { StoredRun } from '../store/stored-run.js';
import { imageName } from '../swelancer/image-name.js';
import { type SharedSetups, sharedSetups } from '../swelancer/shared-setups.js';
import { runIdentity } from './describe-run.js';
import type { EvalOptions } from './eval-options.js';
import { checkConcurrency, type EvalConcurrency, type EvalPlan } from './eval-plan.js';
import type { EvalOutcome, EvalRun } from './eval-run.js';
import { type EvalStore, MemoryStore } from './eval-store.js';
import { EventFiles } from './event-files.js';
import { ImageSchedule } from './image-schedule.js';
import { ProgressTracker } from './progress.js';
import { gateOf, Queues } from './queues.js';
import { ResultStream } from './result-stream.js';
import type { EvalRetries } from './retries.js';
import { runSample, type SampleContext } from './run-sample.js';
import type { Sample } from './sample.js';
import { orderSamples } from './sample-order.js';

const defaultKeepFreeBytes = 30 * 1024 ** 3;

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
  readonly #options: EvalOptions;
  readonly #plan: EvalSessionParts['plan'];
  readonly #events: RunEvents;
  readonly #description: RunDescription;
  readonly #only: EvalSessionParts['only'];
  readonly #queues: Queues;
  readonly #results = new ResultStream();
  readonly #progress: ProgressTracker;
  readonly #stop = new AbortController();
  /** One for each sample under way: with thousands of listeners, one signal for all would be slow to listen to. */
  readonly #underWay = new Set<AbortController>();
  readonly #startedAt = performance.now();
  #scope: EventScope;
  #concurrency: EvalConcurrency;
  #status: EvalOutcome['status'] = 'completed';
  #failure: { readonly error: unknown } | undefined;

  constructor({ options, plan, events, description, only }: EvalSessionParts) {
    this.#only = only;
    this.#options = options;
    this.#plan = plan;
    this.#events = events;
    this.#description = description;
    this.#concurrency = plan.concurrency;
    this.#queues = new Queues(plan.concurrency);
    this.#progress = new ProgressTracker(plan);
    this.#scope = events.scope({ runId: description.runId }).span();
  }

  begin(): EvalRun {
    const outcome = this.#run();
    // Whoever awaits the run is told; nobody may be waiting yet.
    outcome.catch(() => undefined);
    const runId = () => this.#scope.context.runId ?? this.#description.runId;
    return {
      get runId() {
        return runId();
      },
      plan: this.#plan,
      events: this.#events,
      then: (onFulfilled, onRejected) => outcome.then(onFulfilled, onRejected),
      [Symbol.asyncIterator]: () => this.#results[Symbol.asyncIterator](),
      [Symbol.asyncDispose]: async () => {
        this.#cancel('the run was disposed of');
        await outcome.catch(() => undefined);
      },
      pause: () => this.#pause(),
      resume: () => this.#resume(),
      cancel: (reason) => this.#cancel(reason ?? 'the run was cancelled'),
      setConcurrency: (change) => this.#setConcurrency(change),
      inFlight: () => this.#progress.inFlight(),
      progress: () => this.#progress.progress(),
    };
  }

  async #run(): Promise<EvalOutcome> {
    const { signal } = this.#options;
    const cancel = () => this.#cancel('the caller cancelled it', signal?.reason);
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted) cancel();
    const follow = this.#events.on('*', (event) => this.#progress.follow(event));
    try {
      return await this.#withStore();
    } finally {
      follow[Symbol.dispose]();
      signal?.removeEventListener('abort', cancel);
      this.#results.end();
    }
  }

  async #withStore(): Promise<EvalOutcome> {
    const store = await this.#openStore();
    let outcome: 'failed' | EvalOutcome['status'] = 'failed';
    try {
      await this.#countEarlier(store);
      this.#scope.emit('run.started', {
        tasks: this.#plan.tasks,
        epochs: this.#plan.epochs,
        samples: this.#plan.samples,
        availableDollars: this.#plan.availableDollars,
        ...(store.found?.resumed === true && {
          found: {
            finished: store.found.finished,
            interrupted: store.found.interrupted,
            damagedLines: store.found.damagedLines,
            tornBytes: store.found.tornBytes,
          },
        }),
      });
      await this.#runSamples(store);
      if (this.#failure !== undefined) throw this.#failure.error;
      await store.ended(this.#status);
      outcome = this.#status;
    } finally {
      await store[Symbol.asyncDispose]();
      this.#scope.emit('run.finished', {
        outcome,
        samples: this.#progress.progress().finished,
        earnedDollars: this.#progress.progress().earnedDollars,
        durationMs: this.#elapsed(),
      });
    }
    return await this.#outcome(store);
  }

  async #openStore(): Promise<EvalStore> {
    const { store: path, allowChanges } = this.#options;
    if (path === undefined) return new MemoryStore();
    const store = await RunStore.open({
      path,
      description: this.#description,
      allowChanges,
      onRetry: (error) =>
        this.#scope.emit('diagnostic', {
          message: `The journal could not be written and is tried again: ${error instanceof Error ? error.message : String(error)}`,
        }),
    });
    this.#scope = this.#events.scope({ runId: store.description.runId }).span();
    return store;
  }

  async #countEarlier(store: EvalStore): Promise<void> {
    const { store: path } = this.#options;
    if (path === undefined || store.found?.resumed !== true) return;
    const run = await StoredRun.open(path);
    for (const record of await run.records()) {
      if (store.state(record).finished && this.#isFinished(store, record))
        this.#progress.finish(record, 'earlier');
    }
  }

  #isFinished(store: EvalStore, key: SampleKey): boolean {
    const { finished, failed, collected } = store.state(key);
    if (this.#only === 'grading') return collected === undefined || (finished && !failed);
    return finished && !(failed && this.#options.rerunErrors === true);
  }

  async #runSamples(store: EvalStore): Promise<void> {
    const options = this.#options;
    const imageOf = (task: Task) => options.computers?.image ?? imageName(task, options.computers?.images);
    const samples = orderSamples({
      tasks: [...options.dataset],
      epochs: this.#plan.epochs,
      order: options.order ?? 'grouped',
      imageOf,
    }).filter(({ task, epoch }) => !this.#isFinished(store, { taskId: task.id, epoch }));
    const setups = sharedSetups();
    const images = new ImageSchedule({
      runtime: options.runtime,
      samples,
      imageOf,
      events: this.#scope,
      signal: this.#stop.signal,
      keepFreeBytes: options.keepFreeBytes ?? defaultKeepFreeBytes,
    });
    const keep = options.keepEvents ?? 'all';
    const eventFiles =
      options.store === undefined || keep === 'none' ? undefined : new EventFiles(this.#events, keep);
    try {
      const context = this.#context(store, setups, eventFiles, samples);
      const left = countByTask(samples);
      for (const sample of samples) {
        // Room first, then the sample: a pause or a cancellation finds the rest not begun.
        await this.#queues.tasks.onSizeLessThan(1);
        if (this.#stop.signal.aborted) break;
        if (this.#only === 'grading' && !(await hasWork(store, sample))) continue;
        void this.#queues.tasks.add(async () => {
          images.begin(sample.task);
          await this.#oneSample(sample, context);
          images.end(sample.task);
          const remaining = (left.get(sample.task.id) ?? 1) - 1;
          left.set(sample.task.id, remaining);
          if (remaining === 0) await setups.release(sample.task.id);
        });
      }
      await this.#queues.tasks.onIdle();
    } finally {
      eventFiles?.[Symbol.dispose]();
      await images[Symbol.asyncDispose]();
      await setups[Symbol.asyncDispose]();
    }
  }

  #context(
    store: EvalStore,
    setups: SharedSetups,
    eventFiles: EventFiles | undefined,
    samples: readonly Sample[],
  ): (sample: Sample, signal: AbortSignal) => SampleContext {
    const { agent, computers, scorer, grading, prompt, userTool, limits, deadlines, secrets } = this.#options;
    const shared = {
      store,
      retries: this.#plan.retries,
      events: this.#scope,
      eventFiles,
      elsewhere: this.#options.executor && {
        executor: this.#options.executor,
        run: runIdentity(this.#options),
      },
      taskOptions: {
        agent,
        runtime: this.#boundedRuntime(samples.length),
        computers,
        scorer,
        grading,
        prompt,
        userTool,
        limits,
        deadlines,
        secrets,
        setups,
        events: this.#events,
        runId: this.#scope.context.runId,
        gates: {
          start: gateOf(this.#queues.starts),
          grade: gateOf(this.#queues.grading),
          modelCall: gateOf(this.#queues.modelCalls),
        },
      },
    };
    return ({ task }, signal) => ({
      ...shared,
      signal,
      taskOptions: { ...shared.taskOptions, signal },
      onBegin: (key) =>
        this.#progress.begin({ ...key, title: task.title, price: task.price, startedAt: Date.now() }),
      onAttempt: (result, final) => {
        this.#progress.spend(result);
        if (!final) return;
        this.#progress.finish(result, 'this');
        this.#results.push(result);
        if (this.#progress.progress().errors >= this.#plan.errorsAllowed)
          this.#end('stopped', 'too many errors');
      },
    });
  }

  /** A ceiling on commands needs every computer to go through one place. */
  #boundedRuntime(capacity: number): ComputerRuntime {
    const { runtime } = this.#options;
    const { commands, commandsPerComputer } = this.#plan.concurrency;
    if (commands === Infinity && commandsPerComputer === Infinity) return runtime;
    // Each sample may have the agent's computer, a grader and a side computer of the user tool.
    const room = Math.max(1, capacity) * 3;
    return pooledRuntime([{ runtime, capacity: room, starts: room }], {
      commands: finite(commands),
      commandsPerComputer: finite(commandsPerComputer),
    });
  }

  async #oneSample(
    sample: Sample,
    contextOf: (sample: Sample, signal: AbortSignal) => SampleContext,
  ): Promise<void> {
    const key = { taskId: sample.task.id, epoch: sample.epoch };
    if (this.#stop.signal.aborted) return;
    const control = new AbortController();
    this.#underWay.add(control);
    try {
      await runSample(sample, contextOf(sample, control.signal));
    } catch (error) {
      // runTask gives every fault of a task as a result: what comes through here is the store's, or a mistake of ours.
      this.#failure ??= { error };
      this.#end('stopped', 'the run cannot go on');
    } finally {
      this.#underWay.delete(control);
      this.#progress.leave(key);
    }
  }

  async #outcome(store: EvalStore): Promise<EvalOutcome> {
    const { store: folder, dataset, labels, seed } = this.#options;
    const { records, attempts } = await resultsOf(
      store,
      folder,
      [...dataset].map(({ id }) => id),
    );
    return {
      status: this.#status,
      runId: this.#scope.context.runId ?? this.#description.runId,
      folder,
      records,
      summary: runSummary(records, { tasks: dataset, attempts, labels, ...(seed !== undefined && { seed }) }),
      found: store.found,
      durationMs: this.#elapsed(),
    };
  }

  #pause(): void {
    if (this.#queues.tasks.isPaused) return;
    this.#queues.tasks.pause();
    this.#scope.emit('run.paused', {});
  }

  #resume(): void {
    if (!this.#queues.tasks.isPaused) return;
    this.#queues.tasks.start();
    this.#scope.emit('run.continued', {});
  }

  #cancel(why: string, cause?: unknown): void {
    this.#end('cancelled', why, cause);
  }

  #end(status: 'cancelled' | 'stopped', why: string, cause?: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#status = status;
    const reason = new Error(why, { cause });
    this.#stop.abort(reason);
    for (const control of this.#underWay) control.abort(reason);
    // A paused line would never come to its end.
    this.#queues.tasks.start();
  }

  #setConcurrency(change: Partial<EvalConcurrency>): void {
    const values = { ...this.#concurrency, ...change };
    checkConcurrency(values);
    this.#concurrency = values;
    this.#queues.set(values);
  }

  #elapsed(): number {
    return Math.round(performance.now() - this.#startedAt);
  }
}

async function resultsOf(
  store: EvalStore,
  folder: string | undefined,
  taskIds: readonly string[],
): Promise<{ records: readonly ResultRecord[]; attempts: readonly ResultRecord[] }> {
  if (store instanceof MemoryStore) {
    const { records, attempts } = store;
    return { records: inDatasetOrder(records, taskIds), attempts };
  }
  const run = await StoredRun.open(folder ?? '');
  const attempts: ResultRecord[] = [];
  for await (const { result } of run.attempts()) attempts.push(result);
  return { records: await run.records(), attempts };
}

/** Whether there is something to be graded: what is damaged needs an agent again, and grading has none. */
async function hasWork(store: EvalStore, { task, epoch }: Sample): Promise<boolean> {
  const key = { taskId: task.id, epoch };
  const { collected } = store.state(key);
  return collected !== undefined && (await store.work({ ...key, attempt: collected })) !== undefined;
}

function countByTask(samples: readonly Sample[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { task } of samples) counts.set(task.id, (counts.get(task.id) ?? 0) + 1);
  return counts;
}

function finite(value: number): number | undefined {
  return value === Infinity ? undefined : value;
}
