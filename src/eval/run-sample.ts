import { setTimeout as wait } from 'node:timers/promises';
import { transcriptFile } from '../agent/transcript/transcript-file.js';
import type { TranscriptSink } from '../agent/transcript/transcript-sink.js';
import type { EventScope } from '../events/event-scope.js';
import { gradeTask } from '../run/grade-task.js';
import { runTask } from '../run/run-task.js';
import type { RunTaskOptions } from '../run/run-task-options.js';
import type { ErrorResult, TaskResult } from '../result/task-result.js';
import type { ComputerRuntime } from '../computer/computer-interface.js';
import type { AttemptFolder } from '../store/run-folder.js';
import { patiently } from '../store/patience.js';
import type { AttemptKey } from '../store/sample-key.js';
import type { EvalStore } from './eval-store.js';
import { artifactsOf } from './artifacts-of.js';
import type { EvalOptions } from './eval-options.js';
import type { EventFiles } from './event-files.js';
import type { ImageSchedule } from './image-schedule.js';
import type { KeptSpending } from './kept-spending.js';
import { nextAttempt } from './next-attempt.js';
import { endedByDeaths } from './process-deaths.js';
import { type EvalRetries, judge } from './retries.js';
import { type DoneElsewhere, type Elsewhere, keepRecords, runElsewhere } from './run-elsewhere.js';
import type { Sample } from './sample.js';
import { isGradable, savedWork } from './saved-work.js';

/** What tells one attempt from another. */
type OfOneAttempt = 'task' | 'epoch' | 'attempt' | 'artifacts' | 'transcript' | 'checkpoint' | 'onUsage';

/** What the samples of a run have in common. */
export interface SampleContext {
  readonly store: EvalStore;
  readonly retries: EvalRetries;
  readonly signal: AbortSignal;
  readonly events: EventScope;
  readonly eventFiles: EventFiles | undefined;
  readonly spending: KeptSpending;
  readonly images: Pick<ImageSchedule, 'gone' | 'roomSince'>;
  readonly keepArtifacts: EvalOptions['keepArtifacts'];
  /** For every attempt, without what tells them apart. */
  readonly taskOptions: Omit<RunTaskOptions, OfOneAttempt> & {
    readonly runtime: ComputerRuntime;
  };
  /** Whether no agent runs: what was kept is graded, and nothing else. */
  readonly onlyGrading: boolean;
  /** How often a process may die with a sample, and whose results tell of it. */
  readonly deaths: Parameters<typeof endedByDeaths>[2];
  /** Where attempts run, unless here. */
  readonly elsewhere: Elsewhere | undefined;
  /** Resolves when an attempt may begin: at once, unless the run is paused. */
  readonly untilMayBegin: () => Promise<void>;
  /** Called as each attempt begins. */
  readonly onBegin: (key: AttemptKey) => void;
  /** Called with each attempt's result, and whether it is the sample's. */
  readonly onAttempt: (result: TaskResult, final: boolean) => void;
}

/**
 * Brings a sample to its end, over as many attempts as its faults need. Resolves early, with nothing, when it is cancelled.
 * @throws StoreError
 */
export async function runSample(sample: Sample, context: SampleContext): Promise<TaskResult | undefined> {
  const { store, retries, signal, events } = context;
  const key = { taskId: sample.task.id, epoch: sample.epoch };
  const died = signal.aborted ? undefined : await endedByDeaths(store, sample, context.deaths);
  if (died !== undefined) {
    context.onAttempt(died, true);
    return died;
  }
  const isCancelled = () => signal.aborted;
  for (;;) {
    await context.untilMayBegin();
    // A paused run that is cancelled goes on, to its end.
    if (isCancelled()) return undefined;
    if (context.onlyGrading && !(await isGradable(store, key, events))) return undefined;
    const { key: attempt, begun } = nextAttempt(store, key, context.elsewhere !== undefined);
    context.onBegin(attempt);
    if (!begun) await store.started(attempt);
    const { faults } = store.state(key);
    const { gone } = context.images;
    const result = await runAttempt(sample, attempt, context);
    if (result === undefined) return undefined;
    const graded = store.state(key).collected !== undefined;
    let verdict = judge(result, graded, faults, retries);
    if (verdict.final && lacksRoom(result)) {
      const again = judge(mayPass(result), graded, faults, retries);
      if (!again.final && (await context.images.roomSince(gone))) verdict = again;
    }
    context.spending.settle(attempt);
    await store.finished(attempt, result, { final: verdict.final });
    await context.elsewhere?.executor.settled?.({ runId: result.runId, ...attempt });
    context.onAttempt(result, verdict.final);
    if (verdict.final) return result;
    if (verdict.fault === undefined) {
      // What an earlier session has cancelled without waiting for it goes on in a new attempt, with what it left.
      if (begun && !isCancelled()) continue;
      return undefined;
    }
    const { redo, count, error } = verdict.fault;
    events.within(attempt).emit('task.retrying', {
      redo,
      fault: count,
      waitMs: verdict.waitMs,
      error: { ...error, cause: undefined },
    });
    await wait(verdict.waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Whether an image was not fetched since the disk is full: that passes only when another image goes. */
function lacksRoom(result: TaskResult): result is ErrorResult {
  return (
    result.status === 'error' &&
    result.error.code === 'image_pull' &&
    result.error.details?.['reason'] === 'no_space'
  );
}

function mayPass(result: ErrorResult): ErrorResult {
  return { ...result, error: { ...result.error, retryable: true } };
}

async function runAttempt(
  sample: Sample,
  key: AttemptKey,
  context: SampleContext,
): Promise<TaskResult | undefined> {
  const folder = context.store.attempt(key);
  const file = folder && context.eventFiles?.keep(key, folder.events);
  const { store, elsewhere, events } = context;
  let done: DoneElsewhere | undefined;
  try {
    if (elsewhere === undefined) return await runHere(sample, key, folder, context);
    done = await runElsewhere(sample.task, key, elsewhere, context);
  } finally {
    await file?.[Symbol.asyncDispose]();
  }
  if (done === undefined) return undefined;
  // The worker's events take the place of this process's own, so theirs have to be closed.
  const keepsEvents = context.eventFiles !== undefined;
  for (const message of await keepRecords(store, key, done.outcome, { keepsEvents }))
    events.within(key).emit('diagnostic', { message });
  return done.result;
}

/** The agent runs only where no work of an earlier attempt is there to be graded. */
async function runHere(
  { task }: Sample,
  key: AttemptKey,
  folder: AttemptFolder | undefined,
  { store, signal, spending, events, keepArtifacts, taskOptions }: SampleContext,
): Promise<TaskResult> {
  const saved = await savedWork(store, key, events);
  const artifacts = artifactsOf(keepArtifacts, folder);
  const options = { task, epoch: key.epoch, attempt: key.attempt, artifacts, ...taskOptions };
  if (saved !== undefined) return await gradeTask({ ...options, saved });
  // What cannot be written is the run's trouble, not the task's, whatever becomes of the attempt.
  const trouble: { met?: { readonly error: unknown } } = {};
  const kept = async (write: () => Promise<void>) => {
    try {
      await write();
    } catch (error) {
      trouble.met ??= { error };
      throw error;
    }
  };
  const result = await runTask({
    transcript: folder && patientTranscript(folder.transcript, kept, signal),
    checkpoint: (work) => kept(() => store.collected(key, work)),
    onUsage: (usage) => spending.report(key, usage),
    ...options,
  });
  if (trouble.met !== undefined) throw trouble.met.error;
  return result;
}

function patientTranscript(
  path: string,
  kept: (write: () => Promise<void>) => Promise<void>,
  signal: AbortSignal,
): TranscriptSink {
  const file = transcriptFile(path);
  return { write: (entry) => kept(() => patiently(path, { signal }, async () => file.write(entry))) };
}
