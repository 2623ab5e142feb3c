import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { QueueError } from './errors.js';
import { defaultQueueName, type QueueOptions } from './queue-options.js';

/** How long one question may take before it is asked again. */
const answerMs = 10_000;

export interface Patience {
  /** How long a Redis that does not answer is waited for. Milliseconds. */
  readonly unreachableMs: number;
  readonly pollMs: number;
}

/** A queue that is asked until it answers: a Redis that restarts is waited for. */
export class PersistentQueue implements AsyncDisposable {
  readonly queue: Queue;
  readonly #patience: Patience;
  /** Whether the last question that is over was answered. */
  #isAnswering = true;

  constructor({ connection, queueName = defaultQueueName, prefix }: QueueOptions, patience: Patience) {
    this.#patience = patience;
    this.queue = new Queue(queueName, {
      // A question fails while Redis is away, and is asked again from here.
      connection: { ...connection, maxRetriesPerRequest: 1, retryStrategy: reconnectMs },
      ...(prefix !== undefined && { prefix }),
      // Each event of a finished job holds its whole result, and nothing here depends on events.
      streams: { events: { maxLen: 10 } },
    });
    // Told with the questions that fail.
    this.queue.on('error', () => undefined);
  }

  /** What is asked must be the same however often it is asked. @throws QueueError; the signal's reason */
  async ask<T>(question: (queue: Queue) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { unreachableMs, pollMs } = this.#patience;
    const giveUpAt = performance.now() + unreachableMs;
    for (;;) {
      signal?.throwIfAborted();
      try {
        const answer = await answered(question(this.queue), signal);
        this.#isAnswering = true;
        return answer;
      } catch (cause) {
        this.#isAnswering = false;
        if (performance.now() > giveUpAt) {
          throw new QueueError(
            `The queue ${this.queue.name} has not answered for ${Math.round(unreachableMs / 1000)} s. See whether Redis runs and is reachable from here, and run again to continue.`,
            { retryable: true, cause },
          );
        }
        await sleep(pollMs, undefined, { signal });
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      // Who did not answer is not waited for to say goodbye.
      const { pollMs } = this.#patience;
      await answered(this.queue.close(), this.#isAnswering ? undefined : AbortSignal.timeout(pollMs));
    } catch {
      await this.queue.disconnect();
    }
  }
}

/** Milliseconds before the next attempt to connect. */
export function reconnectMs(attempts: number): number {
  return Math.min(100 * 2 ** attempts, 5_000);
}

/** @throws the signal's reason as soon as it fires */
async function answered<T>(answer: Promise<T>, signal?: AbortSignal): Promise<T> {
  const timer = new AbortController();
  answer.catch(() => undefined);
  const given = signal === undefined ? timer.signal : AbortSignal.any([timer.signal, signal]);
  try {
    return await Promise.race([
      answer,
      sleep(answerMs, undefined, { signal: given }).then(
        () => {
          throw new Error(`Redis has not answered for ${answerMs} ms.`);
        },
        (error: unknown) => {
          throw signal?.aborted === true ? signal.reason : error;
        },
      ),
    ]);
  } finally {
    timer.abort();
  }
}
