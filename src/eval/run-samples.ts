import type { ComputerRuntime, FetchedImage } from '../computer/computer-interface.js';
import type { Task } from '../dataset/task.js';
import type { EventScope } from '../events/event-scope.js';
import type { RunEvents } from '../events/run-events.js';
import type { ConfigurationError } from '../errors.js';
import { gateOf } from '../gate.js';
import type { TaskResult } from '../result/task-result.js';
import { endSetups } from '../swelancer/end-setups.js';
import { imageName } from '../swelancer/image-name.js';
import { type SharedSetups, sharedSetups } from '../swelancer/shared-setups.js';
import { runIdentity } from './describe-run.js';
import type { EvalOptions } from './eval-options.js';
import type { EvalPlan } from './eval-plan.js';
import type { EvalStore } from './eval-store.js';
import { EventFiles } from './event-files.js';
import { knownOrder } from './known-order.js';
import { KeptSpending } from './kept-spending.js';
import { ImageSchedule } from './image-schedule.js';
import type { ProgressTracker } from './progress.js';
import type { Queues } from './queues.js';
import type { EvalRetries } from './retries.js';
import type { RunControl } from './run-control.js';
import { runSample, type SampleContext } from './run-sample.js';
import type { Sample } from './sample.js';
import { isGradable } from './saved-work.js';
import { orderSamples } from './sample-order.js';
import { suspectsLast } from './suspect-samples.js';

/** What the samples of a run are run with. */
export interface SampleRun {
  readonly options: EvalOptions;
  readonly plan: EvalPlan & { readonly retries: EvalRetries };
  readonly events: RunEvents;
  readonly scope: EventScope;
  readonly queues: Queues;
  /** That of the options, with the ceilings on commands. */
  readonly runtime: ComputerRuntime;
  readonly store: EvalStore;
  readonly control: RunControl;
  readonly progress: ProgressTracker;
  /** Whether there is nothing more to be done for a sample. */
  readonly isFinished: (sample: Sample) => boolean;
  /** Leaves out samples whose work cannot be read: they would need an agent. */
  readonly onlyGrading: boolean;
  /** Called with the result of each sample that is finished. */
  readonly onResult: (result: TaskResult) => void;
}

/** Bytes. Two of the published images have 28 GB. */
const defaultKeepFreeBytes = 30 * 1024 ** 3;

/** Runs every sample that is not finished, in order and as many at once as there is room for. */
export async function runSamples(run: SampleRun): Promise<void> {
  const { options, plan, queues, control, store } = run;
  const imageOf = (task: Task) => options.computers?.image ?? imageName(task, options.computers?.images);
  const unfinished = orderSamples({
    tasks: [...options.dataset],
    epochs: plan.epochs,
    order: await knownOrder(options),
    imageOf,
  }).filter((sample) => !run.isFinished(sample));
  const left = run.onlyGrading ? await withWork(unfinished, run) : unfinished;
  const { samples, isSuspect } = suspectsLast(left, store);
  await using setups = setupsOf(options, run.scope);
  const onFetched = (fetched: FetchedImage) => {
    store.imageFetched(fetched).catch((error: unknown) => control.fail(error));
  };
  await using images = new ImageSchedule({
    runtime: options.executor === undefined ? options.runtime : undefined,
    samples,
    imageOf,
    events: run.scope,
    signal: control.signal,
    pullGate: gateOf(queues.pulls),
    keepFreeBytes: options.keepFreeBytes ?? defaultKeepFreeBytes,
    fetchedBefore: store.fetchedImages,
    onFetched,
  });
  const keep = options.keepEvents ?? 'all';
  using eventFiles =
    options.store === undefined || keep === 'none'
      ? undefined
      : new EventFiles(run.events, run.scope.context.runId, keep);
  using spending = new KeptSpending((attempts) => store.spent(attempts));
  // Grading begins anew what it can, and would never begin where agents have failed too often.
  const errors = run.onlyGrading ? 0 : earlierErrors(run);
  if (errors >= plan.errorsAllowed) {
    const message = `${errors} samples have ended with an error in earlier sessions, which is as many as \`failOnError\` allows. Pass \`rerunErrors\` to begin them anew, or a higher \`failOnError\`.`;
    run.scope.emit('diagnostic', { message });
    control.end('stopped', 'too many errors');
  }
  const runtime = tellingFetches(run.runtime, onFetched);
  const contextOf = sampleContexts({ ...run, runtime }, { setups, eventFiles, spending, images, errors });
  const leftOf = countByTask(samples);
  const runOne = async (sample: Sample) => {
    if (control.signal.aborted) return;
    const { task, epoch } = sample;
    using current = control.beginSample();
    images.begin(task);
    try {
      await runSample(sample, contextOf(sample, current.signal));
    } finally {
      run.progress.leave({ taskId: task.id, epoch });
    }
    images.end(task);
    const remaining = (leftOf.get(task.id) ?? 1) - 1;
    leftOf.set(task.id, remaining);
    if (remaining === 0) await setups.release(task.id);
  };
  for (const sample of samples) {
    // Room first, then the sample: a pause or a cancellation finds the rest not begun.
    const isAlone = isSuspect(sample);
    await (isAlone ? queues.tasks.onIdle() : queues.tasks.onSizeLessThan(1));
    if (control.signal.aborted) break;
    // runTask gives every fault of a task as a result: what comes through is the store's, or a mistake of ours.
    queues.tasks.add(() => runOne(sample)).catch((error: unknown) => control.fail(error));
    if (isAlone) await queues.tasks.onIdle();
  }
  await queues.tasks.onIdle();
}

/** Its own, or somebody else's, who disposes of them. */
function setupsOf({ setups: given }: EvalOptions, scope: EventScope): SharedSetups {
  const setups = given ?? sharedSetups();
  return {
    join: (wanted) => setups.join(wanted),
    release: (taskId) => setups.release(taskId),
    [Symbol.asyncDispose]: async () => {
      if (given === undefined) await endSetups(setups, scope);
    },
  };
}

function tellingFetches(
  runtime: ComputerRuntime,
  onFetched: (fetched: FetchedImage) => void,
): ComputerRuntime {
  return {
    name: runtime.name,
    inner: runtime,
    start: (request, options) => runtime.start(request, { ...options, onFetched }),
  };
}

interface SharedParts {
  readonly setups: SharedSetups;
  readonly eventFiles: EventFiles | undefined;
  readonly spending: KeptSpending;
  readonly images: ImageSchedule;
  /** Samples that an error ended in earlier sessions, and that stay so. */
  readonly errors: number;
}

function sampleContexts(
  run: SampleRun,
  { setups, eventFiles, spending, images, errors: earlier }: SharedParts,
): (sample: Sample, signal: AbortSignal) => SampleContext {
  const { options, plan, queues, progress, control, scope } = run;
  const { agent, computers, scorer, grading, prompt, userTool, limits, deadlines, secrets } = options;
  const taskOptions = {
    agent,
    runtime: run.runtime,
    computers,
    scorer,
    grading,
    prompt,
    userTool,
    limits,
    deadlines,
    secrets,
    setups,
    events: run.events,
    runId: scope.context.runId,
    gates: {
      start: gateOf(queues.starts),
      pull: gateOf(queues.pulls),
      grade: gateOf(queues.grading),
      modelCall: gateOf(queues.modelCalls),
    },
  };
  const identity = runIdentity(options);
  const shared = {
    store: run.store,
    retries: plan.retries,
    onlyGrading: run.onlyGrading,
    // Where attempts run elsewhere, those who work on them count.
    deaths: {
      runId: scope.context.runId ?? '',
      run: identity,
      most: options.executor === undefined ? plan.retries.deaths : Infinity,
    },
    events: scope,
    eventFiles,
    spending,
    images,
    keepArtifacts: options.keepArtifacts,
    elsewhere: options.executor && {
      executor: options.executor,
      run: identity,
      onRefused: (error: ConfigurationError) => control.fail(error),
    },
  };
  let errors = earlier;
  return ({ task }, signal) => ({
    signal,
    untilMayBegin: () => queues.untilRunning(),
    taskOptions: { signal, ...taskOptions },
    onBegin: (key) => progress.begin({ title: task.title, price: task.price, startedAt: Date.now(), ...key }),
    onAttempt: (result, final) => {
      progress.spend(result);
      if (!final) return;
      progress.finish(result, 'this');
      run.onResult(result);
      if (result.status === 'error' && ++errors >= plan.errorsAllowed)
        control.end('stopped', 'too many errors');
    },
    ...shared,
  });
}

function earlierErrors({ options, plan, store, isFinished }: SampleRun): number {
  let errors = 0;
  for (const task of options.dataset) {
    for (let epoch = 1; epoch <= plan.epochs; epoch++) {
      if (isFinished({ task, epoch }) && store.state({ taskId: task.id, epoch }).failed) errors++;
    }
  }
  return errors;
}

/** Those with something to be graded: what is damaged needs an agent again, and grading has none. */
async function withWork(samples: readonly Sample[], { store, scope }: SampleRun): Promise<readonly Sample[]> {
  const found: Sample[] = [];
  for (const sample of samples) {
    const { task, epoch } = sample;
    if (await isGradable(store, { taskId: task.id, epoch }, scope)) found.push(sample);
  }
  return found;
}

function countByTask(samples: readonly Sample[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { task } of samples) counts.set(task.id, (counts.get(task.id) ?? 0) + 1);
  return counts;
}
