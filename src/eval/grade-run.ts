import { refuseProblems } from '../option-names.js';
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { noopAgent } from '../agent/noop-agent.js';
import { labelProblems } from '../dataset/label-problems.js';
import type { EventScope } from '../events/event-scope.js';
import { type RunEvents, runEventsOf } from '../events/run-events.js';
import type { ResultRecord, TaskResult, UngradedResult } from '../result/task-result.js';
import { toErrorRecord } from '../errors.js';
import type { Scorer } from '../scorer/scorer.js';
import { taskScorer } from '../scorer/task-scorer.js';
import { describedSamples } from '../store/described-samples.js';
import { settingDifferences } from '../store/differences.js';
import { StoreError } from '../store/errors.js';
import { folderProblem } from '../store/folder-problem.js';
import { isMissing } from '../store/is-missing.js';
import { type AttemptKey, type SampleKey, sampleKeyText } from '../store/sample-key.js';
import type { RunDescription } from '../store/run-description.js';
import { RunStore } from '../store/run-store.js';
import { StoredRun } from '../store/stored-run.js';
import { scorerProblems } from './configuration-problems.js';
import { ownVersions, scorerSettings } from './describe-run.js';
import type { EvalOptions } from './eval-options.js';
import { planEval } from './eval-plan.js';
import { spentBeside, type TakenOver } from './spent-beside.js';
import type { EvalOutcome } from './eval-run.js';
import { EvalSession } from './eval-session.js';

/** What grading needs of an evaluation's options. The agent's part is on disk. */
export interface GradeRunOptions
  extends Pick<
    EvalOptions,
    | 'dataset'
    | 'runtime'
    | 'computers'
    | 'deadlines'
    | 'events'
    | 'secrets'
    | 'concurrency'
    | 'retries'
    | 'order'
    | 'keepEvents'
    | 'keepArtifacts'
    | 'labels'
    | 'seed'
    | 'signal'
  > {
  /** Default: each task's own. `gradeRun` takes the run's only. */
  readonly scorer?: Scorer | undefined;
  /**
   * Ends the grading when it has met so many samples that end with an error; below 1, this share of all samples of the run;
   * `true` is 1. Earlier errors do not count, unlike in `runEval`: those with saved work are graded anew, and nothing can be
   * done here about the others. Default: `false`, which goes on and reports.
   */
  readonly failOnError?: EvalOptions['failOnError'];
}

/**
 * Grades what a run has left without a score: work of attempts that were cut off, and work whose grading ended with an
 * error. In new computers; no agent runs. Samples without saved work stay as they are.
 * @throws StoreError
 */
export async function gradeRun(store: string, options: GradeRunOptions): Promise<EvalOutcome> {
  refuseProblems('gradeRun', gradeProblems(options));
  const { description } = await StoredRun.open(store);
  const changes = settingDifferences(description, scoredBy(description, options.scorer ?? taskScorer()));
  if (changes.length > 0) {
    throw new StoreError(
      `The run in ${store} is scored in another way: ${changes.join('; ')}. Pass its own scorer, or score all of it again with \`rescoreRun\`.`,
      { problem: 'mismatch' },
    );
  }
  return await session(store, description, options, runEventsOf(options.events));
}

export interface RescoreOptions extends GradeRunOptions, Pick<EvalOptions, 'runId'> {
  /** The folder of the new results. The run that is scored again stays as it is. */
  readonly into: string;
  /** For people. Default: the name of the run that is scored again, with `, scored again`. */
  readonly name?: string | undefined;
}

/**
 * Scores the saved work of a run again, by another scorer or in other computers, as a run of its own, whose description
 * tells what it is from (`rescoredFrom`). Work that has no score yet is scored too. Interrupted, it goes on where it was, and
 * copies again what has been damaged of its copies. A sample whose work cannot be read any more is left out, and a
 * `diagnostic` event says so: it is among the summary's `missing`, as are those that no agent came to the end of.
 * @throws StoreError
 */
export async function rescoreRun(
  store: string,
  { into, name, runId, ...options }: RescoreOptions,
): Promise<EvalOutcome> {
  const folder = folderProblem(into, 'into');
  refuseProblems('rescoreRun', [...(folder === undefined ? [] : [folder]), ...gradeProblems(options)]);
  const from = await StoredRun.open(store);
  const original = from.description;
  const scorer = options.scorer ?? taskScorer();
  const events = runEventsOf(options.events);
  const target = await RunStore.open({
    path: into,
    mismatchAdvice: 'Pass another folder as `into`, or what this one was scored from and by.',
    signal: options.signal,
    description: {
      ...scoredBy(original, scorer),
      runId: runId ?? randomUUID(),
      name: name ?? `${original.name}, scored again`,
      createdAt: new Date().toISOString(),
      versions: ownVersions(),
      rescoredFrom: {
        runId: original.runId,
        name: original.name,
        createdAt: original.createdAt,
        scorer: original.scorer,
      },
    },
  });
  try {
    await copyWork(from, target, events.scope({ runId: target.description.runId }).span());
  } finally {
    await target[Symbol.asyncDispose]();
  }
  return await session(into, target.description, { ...options, scorer }, events);
}

/** Of what would be met only when the results are there. */
function gradeProblems({ scorer, labels }: GradeRunOptions): readonly string[] {
  return [...scorerProblems(scorer), ...labelProblems(labels)];
}

/** A run's description with another scorer. */
function scoredBy(description: RunDescription, scorer: Scorer): RunDescription {
  const configuration = { ...description.configuration };
  delete configuration['scorerConfiguration'];
  return {
    ...description,
    scorer: scorer.name,
    configuration: { ...configuration, ...scorerSettings(scorer) },
  };
}

async function copyWork(from: StoredRun, target: RunStore, events: EventScope): Promise<void> {
  const { runId } = target.description;
  const records = bySample(await from.records());
  const ungraded = bySample(await from.ungraded());
  const beside = await spentBeside(from);
  for (const sample of describedSamples(from.description)) {
    const key = { ...sample, attempt: 1 };
    const { finished, collected } = target.state(key);
    const isThere = collected === undefined ? finished : (await target.work(key)) !== undefined;
    if (isThere) continue;
    const scope = events.within(key);
    const text = sampleKeyText(sample);
    const kept = ungraded.get(text);
    const found =
      kept === undefined
        ? await savedWork(from, records.get(text), scope)
        : await keptWork(from, kept, scope);
    // Of one that is left out, all of it; before what is taken over, which is not taken over twice.
    await target.spentBefore(sample, beside(sample, found && takenOver(found)));
    if (found === undefined) continue;
    const own = { runId, attempt: 1, workOf: undefined };
    if ('nothingToScore' in found) {
      // Leaving it out would make the others' share larger.
      await target.started(key);
      await target.finished(key, { ...found.nothingToScore, ...own }, { final: true });
      continue;
    }
    await copyTranscript(from, found.of, target.attempt(key).transcript, scope);
    // An attempt was begun and has come to no end only in the run that the work is from.
    await target.collected(key, { ...found.work, ...own, earned: 0 });
  }
}

function bySample<Key extends SampleKey>(keys: readonly Key[]): ReadonlyMap<string, Key> {
  return new Map(keys.map((key) => [sampleKeyText(key), key]));
}

function takenOver(found: SavedWork): TakenOver {
  const [type, of] =
    'nothingToScore' in found ? (['result', found.nothingToScore] as const) : (['work', found.of] as const);
  return { type, attempt: of.workOf ?? of.attempt };
}

type SavedWork =
  | { readonly work: UngradedResult; readonly of: WorkKey }
  | { readonly nothingToScore: TaskResult };

type WorkKey = AttemptKey & Pick<ResultRecord, 'workOf'>;

/** What a sample that has no score yet left to be graded. */
async function keptWork(
  from: StoredRun,
  key: AttemptKey,
  events: EventScope,
): Promise<SavedWork | undefined> {
  const work = await from.work(key);
  if (work !== undefined) return { work, of: key };
  events.emit('diagnostic', {
    message: `Work that was not graded yet cannot be read: that of task ${key.taskId}, epoch ${key.epoch} is left out. Bring the file back and score the run again into the same folder.`,
  });
  return undefined;
}

/** What is to be scored of a sample: from its result, else from the work as it was kept before it was graded. */
async function savedWork(
  from: StoredRun,
  record: ResultRecord | undefined,
  events: EventScope,
): Promise<SavedWork | undefined> {
  if (record === undefined) return undefined;
  try {
    const result = await from.result(record);
    return hasWork(result) ? { work: result, of: record } : { nothingToScore: result };
  } catch (error) {
    // Where there is neither patch nor logs, the journal tells all of a result.
    if (record.status !== 'scored' && !hasWork(record))
      return { nothingToScore: { ...record, patch: undefined } };
    const work = await from.work(record);
    events.emit('diagnostic', {
      message:
        work === undefined
          ? `A result cannot be read, nor the work it was about: task ${record.taskId}, epoch ${record.epoch} is left out. Bring the files back and score the run again into the same folder.`
          : `A result cannot be read: task ${record.taskId}, epoch ${record.epoch} is scored from the work as it was kept before it was graded.`,
      error: toErrorRecord(error),
    });
    return work && { work, of: record };
  }
}

function hasWork({ status, patch, answer }: ResultRecord): boolean {
  return status === 'scored' || patch !== undefined || answer !== undefined;
}

async function copyTranscript(
  from: StoredRun,
  record: WorkKey,
  path: string,
  events: EventScope,
): Promise<void> {
  const attempt = record.workOf ?? record.attempt;
  await mkdir(dirname(path), { recursive: true });
  try {
    await copyFile(from.folder.attempt({ ...record, attempt }).transcript, path);
  } catch (error) {
    if (isMissing(error)) return;
    events.emit('diagnostic', {
      message: 'A transcript could not be copied; the work is scored without it.',
      error: toErrorRecord(error),
    });
  }
}

function session(
  store: string,
  description: RunDescription,
  options: GradeRunOptions,
  events: RunEvents,
): PromiseLike<EvalOutcome> {
  const { dataset } = options;
  if (description.dataset.fingerprint !== dataset.fingerprint) {
    throw new StoreError(
      `The run in ${store} is about another dataset than the one given. Load the tasks it was run with.`,
      { problem: 'mismatch' },
    );
  }
  const full: EvalOptions = {
    ...options,
    agent: { ...noopAgent(), name: description.agent },
    epochs: description.epochs,
    store,
  };
  return new EvalSession({
    options: full,
    plan: planEval(full),
    events,
    description,
    only: 'grading',
  }).begin();
}
