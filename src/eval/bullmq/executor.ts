import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from 'bullmq';
import type { AgentUsage } from '../../agent/agent-usage.js';
import type { SampleExecutor } from '../sample-executor.js';
import {
  type SampleJob,
  sampleJobId,
  type SampleJobKey,
  sampleJobSchema,
  type SampleOutcome,
  sampleOutcomeSchema,
} from '../sample-job.js';
import { usageSum } from '../../result/usage-sum.js';
import { StoreError } from '../../store/errors.js';
import { lostUsage } from './job-spending.js';
import { PersistentQueue } from './persistent-queue.js';
import { cancelLine, type QueueOptions } from './queue-options.js';

export interface BullmqExecutorOptions extends QueueOptions {
  /** How often each job's state is asked for. Default: 1,000 ms. */
  readonly pollMs?: number | undefined;
  /** How long a cancellation waits for the workers to stop, and for a Redis that is away. Default: 60,000 ms. */
  readonly cancelMs?: number | undefined;
  /** How long a Redis that does not answer is waited for, before the run ends. Default: 600,000 ms. */
  readonly unreachableMs?: number | undefined;
}

/** Milliseconds for the one question about a job that is left in the queue: its records may be large. */
const lastLookMs = 3000;

/**
 * Has the attempts of a run done by the workers of a queue: `runEval({ executor })`. A job is in the queue once, however
 * often it is asked for, and stays there, with its outcome, until the run's store has it. Dispose of it after the run.
 */
export function bullmqExecutor(options: BullmqExecutorOptions): SampleExecutor & AsyncDisposable {
  const { pollMs = 1_000, cancelMs = 60_000, unreachableMs = 600_000 } = options;
  const queue = new PersistentQueue(options, { unreachableMs, pollMs });

  /** `onAdding`: told of a question that changes the queue, which may be under way when the signal fires. */
  const untilDone = async (
    job: SampleJob,
    signal: AbortSignal,
    onAdding: (adding: Promise<unknown>) => void,
  ): Promise<SampleOutcome> => {
    const id = sampleJobId(job);
    for (;;) {
      const state = await queue.ask((asked) => asked.getJobState(id), signal);
      if (state === 'unknown') {
        await queue.ask((asked) => {
          const adding = asked.add(job.taskId, job, { jobId: id });
          onAdding(adding);
          return adding;
        }, signal);
      }
      if (state === 'completed' || state === 'failed') {
        const outcome = await outcomeOf(queue, job, signal);
        if (outcome !== undefined) return outcome;
        await queue.ask((asked) => asked.remove(id), signal);
        continue;
      }
      await sleep(pollMs, undefined, { signal });
    }
  };

  const cancel = async (
    job: SampleJob,
    signal: AbortSignal,
    adding: Promise<unknown> | undefined,
  ): Promise<SampleOutcome | undefined> => {
    const id = sampleJobId(job);
    // Else it could be looked for before it is there.
    if (adding !== undefined) await queue.ask(() => adding.catch(() => undefined), signal);
    for (let told = false; ; ) {
      const state = await queue.ask((asked) => asked.getJobState(id), signal);
      if (state === 'unknown') return undefined;
      if (state === 'completed' || state === 'failed') return await outcomeOf(queue, job, signal);
      if (!told) {
        // Before it is seen to wait: whoever takes it up from here on ends it at once.
        await queue.ask((asked) => asked.addJobLog(id, cancelLine), signal);
        told = true;
        continue;
      }
      if (state === 'active') {
        await sleep(pollMs, undefined, { signal });
        continue;
      }
      const left = await leftOf(queue, job, signal);
      // Once the store has it, `settled` removes the job.
      if (left !== undefined) return { ...keyOf(job), type: 'withdrawn', ...left };
      await queue.ask((asked) => asked.remove(id), signal);
    }
  };

  /** Of one that nobody has stopped in time: it stays in the queue, for the next session. */
  const abandon = async (job: SampleJob): Promise<SampleOutcome | undefined> => {
    try {
      const found = await queue.ask(
        (asked) => asked.getJob(sampleJobId(job)),
        AbortSignal.timeout(lastLookMs),
      );
      if (found === undefined) return undefined;
      const { work, records } = workIn(found.data, job);
      return { ...keyOf(job), type: 'unfinished', work, records, spent: [...lostUsage(found)] };
    } catch {
      return undefined;
    }
  };

  return {
    name: 'bullmq',
    run: async (job, { signal }) => {
      let adding: Promise<unknown> | undefined;
      try {
        return await untilDone(job, signal, (begun) => {
          adding = begun;
        });
      } catch (error) {
        if (!signal.aborted) throw error;
        // The jobs are those of whoever has taken the run over.
        if (isTakenOver(signal.reason)) return undefined;
      }
      const deadline = AbortSignal.timeout(cancelMs);
      try {
        return await cancel(job, deadline, adding);
      } catch (error) {
        if (!deadline.aborted) throw error;
        return await abandon(job);
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
  job: SampleJob,
  signal: AbortSignal,
): Promise<SampleOutcome | undefined> {
  const done = await queue.ask((asked) => asked.getJob(sampleJobId(job)), signal);
  if (done === undefined) return undefined;
  const parsed = sampleOutcomeSchema.safeParse(done.returnvalue);
  if (parsed.success) return parsed.data;
  return {
    ...keyOf(job),
    ...leftIn(done, job),
    type: 'failed',
    error: {
      name: 'QueueError',
      code: 'queue',
      message: `No worker brought the attempt to a result: ${done.failedReason || 'what it left cannot be read'}.`,
      retryable: false,
    },
  };
}

/** What those have left in the queue who had the attempt, if anybody had it. */
async function leftOf(
  queue: PersistentQueue,
  job: SampleJob,
  signal: AbortSignal,
): Promise<Left | undefined> {
  const found = await queue.ask((asked) => asked.getJob(sampleJobId(job)), signal);
  const left = found && leftIn(found, job);
  return left?.work === undefined && left?.lostUsage === undefined ? undefined : left;
}

type Left = WorkInJob & { readonly lostUsage: AgentUsage | undefined };

function leftIn(found: Job, job: SampleJob): Left {
  const lost = lostUsage(found);
  return { ...workIn(found.data, job), lostUsage: lost.length > 0 ? usageSum(lost) : undefined };
}

type WorkInJob = { readonly work: SampleJob['saved']; readonly records: SampleJob['records'] };

/** The agent's work, where this attempt made it: that of an earlier one is in the store. */
function workIn(data: unknown, { attempt }: SampleJob): WorkInJob {
  const { saved, records } = sampleJobSchema.safeParse(data).data ?? {};
  return saved?.attempt === attempt ? { work: saved, records } : { work: undefined, records: undefined };
}

function keyOf({ runId, taskId, epoch, attempt }: SampleJob): SampleJobKey & { readonly schema: 1 } {
  return { schema: 1, runId, taskId, epoch, attempt };
}

function isTakenOver(reason: unknown): boolean {
  return reason instanceof Error && reason.cause instanceof StoreError && reason.cause.problem === 'lost';
}
