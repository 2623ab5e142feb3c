import { setTimeout as sleep } from 'node:timers/promises';
import { type Job, Queue, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import type { UngradedResult } from '../../result/task-result.js';
import { JobSpending } from './job-spending.js';
import { runSampleJob, type SampleJobOptions } from '../run-sample-job.js';
import { type SampleJob, sampleJobSchema, type SampleOutcome } from '../sample-job.js';
import { reconnectMs } from './persistent-queue.js';
import { cancelLine, defaultQueueName, type QueueOptions } from './queue-options.js';

export interface BullmqWorkerOptions
  extends QueueOptions,
    Omit<SampleJobOptions, 'signal' | 'checkpoint' | 'lostUsage'> {
  /** Attempts under way at the same time. Default: 4. */
  readonly concurrency?: number | undefined;
  /**
   * How long a worker may be silent, or without Redis, before another takes over what it has under way; that happens within
   * twice this time. Default: 60,000 ms.
   */
  readonly lockMs?: number | undefined;
  /** How often an attempt is taken over before it is an error: its workers may be dying of it. Default: 3. */
  readonly takeovers?: number | undefined;
  /** How often a cancelled run is looked for. Default: 2,000 ms. */
  readonly cancelPollMs?: number | undefined;
  /** Told of Redis going away and other trouble that the worker goes on after. */
  readonly onError?: ((error: Error) => void) | undefined;
}

/** Disposing of it is `giveBack`. */
export interface BullmqWorker extends AsyncDisposable {
  /** Takes no more attempts, and resolves when those under way have ended. */
  finish(): Promise<void>;
  /** Takes no more attempts, cancels those under way, and hands them to other workers. An agent's finished work stays with them. */
  giveBack(): Promise<void>;
}

/** Why an attempt was told to stop. */
type Stop = 'cancelled' | 'given back' | 'taken over';

/**
 * Works on the attempts of a queue, in this process, until it is told to stop. Given the same options as the run; one of
 * another run is refused.
 */
export function bullmqWorker(options: BullmqWorkerOptions): BullmqWorker {
  const { connection, queueName = defaultQueueName, prefix, concurrency = 4, ...rest } = options;
  const { lockMs = 60_000, takeovers = 3, cancelPollMs = 2_000, onError, ...jobOptions } = rest;
  const place = {
    connection: { ...connection, maxRetriesPerRequest: null, retryStrategy: reconnectMs },
    ...(prefix !== undefined && { prefix }),
  };
  const queue = new Queue(queueName, { ...place, skipMetasUpdate: true });
  const underWay = new Map<string, AbortController>();
  const stop = (id: string, why: Stop) => underWay.get(id)?.abort(why);

  const work = async (job: Job<SampleJob>, token?: string): Promise<SampleOutcome> => {
    const parsed = sampleJobSchema.safeParse(job.data);
    if (!parsed.success) throw new UnrecoverableError(`the job cannot be read: ${parsed.error.message}`);
    const id = job.id ?? '';
    const control = new AbortController();
    underWay.set(id, control);
    using spending = new JobSpending(job);
    const watch = new AbortController();
    // Cancelled while it waited: what there is of it goes back as it is.
    if (await isCancelled(queue, id)) stop(id, 'cancelled');
    const watching = watchForCancel(queue, id, cancelPollMs, watch.signal, () => stop(id, 'cancelled'));
    try {
      const outcome = await runSampleJob(parsed.data, {
        ...jobOptions,
        signal: control.signal,
        lostUsage: spending.lost,
        onUsage: (usage) => {
          spending.report(usage);
          jobOptions.onUsage?.(usage);
        },
        checkpoint: (saved, records) =>
          keep(job, { ...parsed.data, saved, ...(records !== undefined && { records }) }),
      });
      const why: unknown = control.signal.reason;
      if (why !== 'given back' || outcome.type !== 'result' || outcome.result.status !== 'cancelled')
        return outcome;
      await spending.keep(outcome.result.usage);
      await job.moveToWait(token);
      throw new WaitingError();
    } finally {
      underWay.delete(id);
      watch.abort();
      await watching;
    }
  };

  const worker = new Worker<SampleJob, SampleOutcome>(queueName, work, {
    ...place,
    concurrency,
    lockDuration: lockMs,
    stalledInterval: Math.ceil(lockMs / 2),
    maxStalledCount: takeovers,
  });
  worker.on('error', (error) => onError?.(error));
  queue.on('error', () => undefined);
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) stop(id, 'taken over');
  });

  const close = async () => {
    await worker.close();
    await queue.close();
  };
  const giveBack = async () => {
    const closed = close();
    for (const control of underWay.values()) control.abort('given back' satisfies Stop);
    await closed;
  };
  return { finish: close, giveBack, [Symbol.asyncDispose]: giveBack };
}

/**
 * Keeps the agent's work in the job, so that whoever takes it over only grades. A Redis that is away does not hold the
 * attempt up: the outcome has it again.
 */
async function keep(
  job: Job<SampleJob>,
  data: SampleJob & { readonly saved: UngradedResult },
): Promise<void> {
  const timer = new AbortController();
  const kept = job.updateData(data).catch(() => undefined);
  await Promise.race([kept, sleep(10_000, undefined, { signal: timer.signal }).catch(() => undefined)]);
  timer.abort();
}

/** False also where Redis does not answer, which is asked again. */
async function isCancelled(queue: Queue, id: string): Promise<boolean> {
  try {
    const { logs } = await queue.getJobLogs(id, 0, 0);
    return logs.includes(cancelLine);
  } catch {
    return false;
  }
}

async function watchForCancel(
  queue: Queue,
  id: string,
  pollMs: number,
  signal: AbortSignal,
  onCancel: () => void,
): Promise<void> {
  for (;;) {
    const ended = await sleep(pollMs, false, { signal }).catch(() => true);
    if (ended) return;
    if (!(await isCancelled(queue, id))) continue;
    onCancel();
    return;
  }
}
