import type { AgentUsage } from '../agent/agent-usage.js';
import { usageSum } from '../result/usage-sum.js';
import { ConfigurationError } from '../errors.js';
import type { Dataset } from '../dataset/dataset.js';
import type { ComputerRuntime } from '../computer/computer-interface.js';
import { gradeTask } from '../run/grade-task.js';
import { runTask } from '../run/run-task.js';
import type { RunTaskOptions } from '../run/run-task-options.js';
import { knownOptions } from '../option-names.js';
import { runEventsOf } from '../events/run-events.js';
import type { AttemptFolder } from '../store/run-folder.js';
import { StoredRun } from '../store/stored-run.js';
import type { TaskResult, UngradedResult } from '../result/task-result.js';
import { settingDifferences } from '../store/differences.js';
import { configurationProblems } from './configuration-problems.js';
import { runIdentity } from './describe-run.js';
import type { EvalOptions } from './eval-options.js';
import { artifactsOf } from './artifacts-of.js';
import { AttemptRecorder } from './attempt-recorder.js';
import type { SampleJob, SampleOutcome } from './sample-job.js';
import type { SampleRecords } from './sample-records.js';

/** What a worker has, besides the job: the same values that the run's coordinator was given. */
export interface SampleJobOptions
  extends Pick<EvalOptions, 'agent' | 'configuration'>,
    Omit<
      RunTaskOptions,
      'task' | 'agent' | 'runtime' | 'computer' | 'runId' | 'epoch' | 'attempt' | 'checkpoint' | 'artifacts'
    > {
  readonly dataset: Dataset;
  readonly runtime: ComputerRuntime;
  /** Which events go to the run's store. Default: `all`. */
  readonly keepEvents?: EvalOptions['keepEvents'];
  /**
   * Bytes of transcript and events that an outcome carries, compressed and as base64. What does not fit has its long texts
   * cut, events lose what commands and models printed, and what is still too long is left out. 0: none. Default: 1 MiB.
   */
  readonly recordBytes?: number | undefined;
  /**
   * The run's folder on a disk that this process shares with the run's coordinator: transcript and events go there, whole,
   * and outcomes carry none. Default: there is no such disk.
   */
  readonly sharedStore?: string | undefined;
  /**
   * What each earlier process had told of this attempt by `onUsage` before it died, without one whose work is `saved`. Its sum
   * is in the result. Default: there were none.
   */
  readonly lostUsage?: readonly AgentUsage[] | undefined;
  /** Needs `sharedStore`: jobs carry none. Default: `false`. */
  readonly keepArtifacts?: EvalOptions['keepArtifacts'];
  /** Gets the agent's work as soon as it is there, and what it said and did: both belong into the job, for a takeover. */
  readonly checkpoint?:
    | ((work: UngradedResult, records: SampleRecords | undefined) => Promise<void>)
    | undefined;
}

const defaultRecordBytes = 1024 * 1024;

/**
 * Runs one attempt, from plain JSON to plain JSON, in this process: what a queue's worker or a batch job calls. Grades only,
 * where the job brings the agent's work. `checkpoint` gets that work as soon as it is there: kept in the job as `saved`, a
 * worker that takes the job over does not run the agent again. Options that do not fit the job are refused.
 */
export async function runSampleJob(job: SampleJob, options: SampleJobOptions): Promise<SampleOutcome> {
  const { runId, taskId, epoch, attempt } = job;
  const key = { schema: 1, runId, taskId, epoch, attempt } as const;
  const { saved } = job;
  const { lostUsage = [] } = options;
  const refused = (reason: string): SampleOutcome => ({
    ...key,
    type: 'refused',
    reason,
    ...(saved?.attempt === attempt && { work: saved, records: job.records }),
    ...(lostUsage.length > 0 && { lostUsage: usageSum(lostUsage) }),
  });
  const reason = refusal(job, options);
  if (reason !== undefined) return refused(reason);
  try {
    return { ...key, type: 'result', ...(await runAttempt(job, options)) };
  } catch (error) {
    if (error instanceof ConfigurationError) return refused(error.message);
    throw error;
  }
}

async function runAttempt(job: SampleJob, options: SampleJobOptions): Promise<Attempted> {
  const {
    dataset,
    keepEvents = 'all',
    recordBytes = defaultRecordBytes,
    sharedStore,
    keepArtifacts,
    lostUsage = [],
    ...rest
  } = options;
  const { runId, taskId, epoch, attempt, saved } = job;
  const isTakenOver = saved?.attempt === attempt;
  const folder = sharedStore === undefined ? undefined : await sharedFolder(sharedStore, job);
  if (folder === undefined && (keepArtifacts ?? false) !== false) {
    throw new ConfigurationError(
      '`keepArtifacts` needs a `sharedStore` where attempts run elsewhere: jobs carry no such files.',
    );
  }
  const events = runEventsOf(rest.events);
  const before = isTakenOver ? (folder ?? job.records) : undefined;
  const key = { runId, taskId, epoch, attempt };
  await using recorder =
    folder === undefined && recordBytes === 0
      ? undefined
      : await AttemptRecorder.open(
          { key, events, keepEvents, signal: rest.signal, transcript: rest.transcript },
          before,
        );
  const kept = async (): Promise<SampleRecords | undefined> => {
    if (folder === undefined) return await recorder?.packed(recordBytes);
    await recorder?.putInto(folder);
    return undefined;
  };
  const { checkpoint } = rest;
  const transcript = recorder?.transcript ?? rest.transcript;
  const artifacts = artifactsOf(keepArtifacts, folder);
  const own = {
    ...knownOptions(rest, taskNames),
    task: dataset.get(taskId),
    runId,
    epoch,
    attempt,
    events,
    transcript,
    artifacts,
  };
  let work = isTakenOver ? saved : undefined;
  const result =
    saved === undefined
      ? await runTask({
          ...own,
          checkpoint: async (collected) => {
            work = collected;
            await checkpoint?.(collected, await kept());
          },
        })
      : ownWork(await gradeTask({ ...own, saved }), saved);
  const records = await kept();
  return {
    result: lostUsage.length === 0 ? result : { ...result, lostUsage: usageSum(lostUsage) },
    ...(result.status !== 'scored' && work !== undefined && { work }),
    ...(records !== undefined && { records }),
  };
}

/** A worker may be given all options of its run, of which a task takes these. */
const taskNames = {
  agent: true,
  runtime: true,
  computers: true,
  setups: true,
  scorer: true,
  grading: true,
  prompt: true,
  userTool: true,
  limits: true,
  deadlines: true,
  secrets: true,
  signal: true,
  onUsage: true,
  gates: true,
} as const;

type Attempted = Pick<Extract<SampleOutcome, { type: 'result' }>, 'result' | 'work' | 'records'>;

/** @throws ConfigurationError where the folder is not the run's. */
async function sharedFolder(path: string, { runId, ...key }: SampleJob): Promise<AttemptFolder> {
  let run: StoredRun;
  try {
    run = await StoredRun.open(path);
  } catch (cause) {
    throw new ConfigurationError(`\`sharedStore\` is no run's folder here: ${path}.`, { cause });
  }
  if (run.description.runId !== runId)
    throw new ConfigurationError(`\`sharedStore\` is the folder of another run: ${path}.`);
  return run.folder.attempt(key);
}

/** An attempt that was taken over grades what it made itself: its usage has not been counted with another result. */
function ownWork(result: TaskResult, saved: UngradedResult): TaskResult {
  return saved.attempt === result.attempt ? { ...result, workOf: saved.workOf } : result;
}

/** Why a worker's options do not fit a job. */
function refusal({ run }: SampleJob, options: SampleJobOptions): string | undefined {
  const problems = configurationProblems(options);
  if (problems.length > 0) return problems.join('; ');
  const own = runIdentity(options);
  const found = settingDifferences(run, own);
  if (run.dataset !== own.dataset) found.unshift('the dataset has other tasks');
  return found.length === 0 ? undefined : found.join('; ');
}
