import { ConfigurationError } from '../errors.js';
import type { Dataset } from '../dataset/dataset.js';
import type { ComputerRuntime } from '../computer/computer-interface.js';
import { gradeTask } from '../run/grade-task.js';
import { runTask } from '../run/run-task.js';
import type { RunTaskOptions } from '../run/run-task-options.js';
import type { TaskResult, UngradedResult } from '../result/task-result.js';
import { settingDifferences } from '../store/differences.js';
import { runIdentity } from './describe-run.js';
import type { EvalOptions } from './eval-options.js';
import type { SampleJob, SampleOutcome } from './sample-job.js';

/** What a worker has, besides the job: the same values that the run's coordinator was given. */
export interface SampleJobOptions
  extends Pick<EvalOptions, 'agent' | 'configuration'>,
    Omit<RunTaskOptions, 'task' | 'agent' | 'runtime' | 'computer' | 'runId' | 'epoch' | 'attempt'> {
  readonly dataset: Dataset;
  readonly runtime: ComputerRuntime;
}

/**
 * Runs one attempt, from plain JSON to plain JSON, in this process: what a queue's worker or a batch job calls. Grades only,
 * where the job brings the agent's work. `checkpoint` gets that work as soon as it is there: kept in the job as `saved`, a
 * worker that takes the job over does not run the agent again. Options that do not fit the job are refused.
 */
export async function runSampleJob(job: SampleJob, options: SampleJobOptions): Promise<SampleOutcome> {
  const { runId, taskId, epoch, attempt } = job;
  const key = { schema: 1, runId, taskId, epoch, attempt } as const;
  const reason = refusal(job, options);
  if (reason !== undefined) return { ...key, type: 'refused', reason };
  try {
    return { ...key, type: 'result', ...(await runAttempt(job, options)) };
  } catch (error) {
    if (error instanceof ConfigurationError) return { ...key, type: 'refused', reason: error.message };
    throw error;
  }
}

async function runAttempt(
  { runId, taskId, epoch, attempt, saved }: SampleJob,
  { dataset, ...options }: SampleJobOptions,
): Promise<{ result: TaskResult; work?: UngradedResult }> {
  const own = { ...options, task: dataset.get(taskId), runId, epoch, attempt };
  let work = saved?.attempt === attempt ? saved : undefined;
  const result =
    saved === undefined
      ? await runTask({
          ...own,
          checkpoint: async (collected) => {
            work = collected;
            await options.checkpoint?.(collected);
          },
        })
      : ownWork(await gradeTask({ ...own, saved }), saved);
  return { result, ...(result.status !== 'scored' && work !== undefined && { work }) };
}

/** An attempt that was taken over grades what it made itself: its usage has not been counted with another result. */
function ownWork(result: TaskResult, saved: UngradedResult): TaskResult {
  return saved.attempt === result.attempt ? { ...result, workOf: saved.workOf } : result;
}

/** Why a worker's options do not fit a job. */
function refusal({ run }: SampleJob, options: SampleJobOptions): string | undefined {
  const own = runIdentity(options);
  const found = settingDifferences(run, own);
  if (run.dataset !== own.dataset) found.unshift('the dataset has other tasks');
  return found.length === 0 ? undefined : found.join('; ');
}
