import { setTimeout as sleep } from 'node:timers/promises';
import type { SampleExecutor } from '../sample-executor.js';
import { type SampleJob, sampleJobId, type SampleOutcome, sampleOutcomeSchema } from '../sample-job.js';
import { usageSum } from '../../result/usage-sum.js';
import { StoreError } from '../../store/errors.js';
import { lostUsage } from './job-spending.js';
import { PersistentQueue } from './persistent-queue.js';
import { cancelLine, type QueueOptions } from './queue-options.js';

export interface BullmqExecutorOptions extends QueueOptions {
  /** How often each job's state is asked for. Default: 1,000 ms. */
  readonly pollMs?: number | undefined;
  /** How long a cancellation waits for the workers to stop. Default: 60,000 ms. */
  readonly cancelMs?: number | undefined;
  /** How long a Redis that does not answer is waited for, before the run ends. Default: 600,000 ms. */
  readonly unreachableMs?: number | undefined;
}

/**
 * Has the attempts of a run done by the workers of a queue: `runEval({ executor })`. A job is in the queue once, however
 * often it is asked for, and stays there, with its outcome, until the run's store has it. Dispose of it after the run.
 */
export function bullmqExecutor(options: BullmqExecutorOptions): SampleExecutor & AsyncDisposable {
  const { pollMs = 1_000, cancelMs = 60_000, unreachableMs = 600_000 } = options;
  const queue = new PersistentQueue(options, { unreachableMs, pollMs });

  const untilDone = async (job: SampleJob, signal: AbortSignal): Promise<SampleOutcome> => {
    const id = sampleJobId(job);
    for (;;) {
      const state = await queue.ask((asked) => asked.getJobState(id), signal);
      if (state === 'unknown') await queue.ask((asked) => asked.add(job.taskId, job, { jobId: id }), signal);
      if (state === 'completed' || state === 'failed') {
        const outcome = await outcomeOf(queue, job, signal);
        // What an earlier session has cancelled is begun anew.
        if (outcome !== undefined && !isCancelled(outcome)) return outcome;
        await queue.ask((asked) => asked.remove(id), signal);
        continue;
      }
      await sleep(pollMs, undefined, { signal });
    }
  };

  const cancel = async (job: SampleJob, signal: AbortSignal): Promise<SampleOutcome | undefined> => {
    const id = sampleJobId(job);
    for (let told = false; ; ) {
      const state = await queue.ask((asked) => asked.getJobState(id), signal);
      if (state === 'unknown') return undefined;
      if (state === 'completed' || state === 'failed') return await outcomeOf(queue, job, signal);
      if (state === 'active') {
        if (!told) await queue.ask((asked) => asked.addJobLog(id, cancelLine), signal);
        told = true;
        await sleep(pollMs, undefined, { signal });
      } else {
        await queue.ask((asked) => asked.remove(id), signal);
      }
    }
  };

  return {
    name: 'bullmq',
    run: async (job, { signal }) => {
      try {
        return await untilDone(job, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
        // The jobs are those of whoever has taken the run over.
        if (isTakenOver(signal.reason)) return undefined;
      }
      const deadline = AbortSignal.timeout(cancelMs);
      try {
        return await cancel(job, deadline);
      } catch (error) {
        if (!deadline.aborted) throw error;
        return undefined;
      }
    },
    settled: async (job) => {
      try {
        // One that cannot be removed now takes memory, and is never asked for again.
        await queue.ask((asked) => asked.remove(sampleJobId(job)), AbortSignal.timeout(pollMs));
      } catch {
        return;
      }
    },
    [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
  };
}

/** Undefined where the job has gone since it was done. */
async function outcomeOf(
  queue: PersistentQueue,
  { runId, taskId, epoch, attempt }: SampleJob,
  signal: AbortSignal,
): Promise<SampleOutcome | undefined> {
  const key = { schema: 1, runId, taskId, epoch, attempt } as const;
  const done = await queue.ask((asked) => asked.getJob(sampleJobId(key)), signal);
  if (done === undefined) return undefined;
  const parsed = sampleOutcomeSchema.safeParse(done.returnvalue);
  if (parsed.success) return parsed.data;
  const lost = lostUsage(done);
  return {
    ...key,
    type: 'failed',
    error: {
      name: 'QueueError',
      code: 'queue',
      message: `No worker brought the attempt to a result: ${done.failedReason || 'what it left cannot be read'}.`,
      retryable: false,
    },
    ...(lost.length > 0 && { lostUsage: usageSum(lost) }),
  };
}

function isTakenOver(reason: unknown): boolean {
  return reason instanceof Error && reason.cause instanceof StoreError && reason.cause.problem === 'lost';
}

function isCancelled(outcome: SampleOutcome): boolean {
  return outcome.type === 'result' && outcome.result.status === 'cancelled';
}
