import { ConfigurationError } from '../errors.js';
import { silentScope } from '../events/event-scope.js';
import { abortedError, defaultCallTimeoutMs } from './call-deadline.js';
import { type Clock, systemClock } from './clock.js';
import { type FailedAttempt, isModelError, type ModelError } from './errors.js';
import type { ModelCallOptions, ModelClient, ModelRequest } from './model-client.js';

export interface RetryOptions {
  /** Calls in all, the first one included. Default: 8. */
  readonly attempts?: number | undefined;
  /** Milliseconds for all attempts and the pauses between them. Default: 1 200 000, upstream's own limit. */
  readonly totalMs?: number | undefined;
  /** Milliseconds before the second attempt; doubles with each further one. Default: 1000. */
  readonly baseDelayMs?: number | undefined;
  /** Milliseconds no pause of ours exceeds. What a provider asks for is not capped by it. Default: 60 000. */
  readonly maxDelayMs?: number | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
  /** From 0 to 1. For tests. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/**
 * Repeats calls that failed for a passing reason: `error.retryable`, so rate limits, overload, server and network faults,
 * time-outs and malformed answers, and never a bad request or a refused key. Waits as long as the provider asks, else
 * a doubling pause of which half is random. A pause that would pass the deadline is not begun: the error comes at once.
 *
 * Each repetition is a `model.retried` event; text streamed since the attempt began is void then. The failed attempts
 * are in the response or on the error, with their tokens.
 * @throws ConfigurationError when an option is out of range.
 */
export function withRetries(model: ModelClient, options: RetryOptions = {}): ModelClient {
  const policy = {
    attempts: atLeast(1, 'attempts', options.attempts ?? 8),
    totalMs: atLeast(1, 'totalMs', options.totalMs ?? 1_200_000),
    baseDelayMs: atLeast(0, 'baseDelayMs', options.baseDelayMs ?? 1_000),
    maxDelayMs: atLeast(0, 'maxDelayMs', options.maxDelayMs ?? 60_000),
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
  return {
    id: model.id,
    contextTokens: model.contextTokens,
    generate: async (request, callOptions = {}) => generate(model, policy, request, callOptions),
  };
}

interface RetryPolicy {
  readonly attempts: number;
  readonly totalMs: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  readonly clock: Clock;
  readonly random: () => number;
}

async function generate(
  model: ModelClient,
  policy: RetryPolicy,
  request: ModelRequest,
  callOptions: ModelCallOptions,
) {
  const { clock } = policy;
  const { signal, timeoutMs = defaultCallTimeoutMs, events = silentScope } = callOptions;
  const endsAt = clock.now() + policy.totalMs;
  const failed: FailedAttempt[] = [];
  for (;;) {
    const remainingMs = Math.max(1, endsAt - clock.now());
    try {
      const response = await model.generate(request, {
        ...callOptions,
        timeoutMs: Math.min(timeoutMs, remainingMs),
      });
      return failed.length === 0 ? response : { ...response, failedAttempts: failed };
    } catch (error) {
      if (!isModelError(error)) throw error;
      const waitMs = pauseMs(error, failed.length, policy);
      const givesUp =
        !error.retryable ||
        failed.length + 1 >= policy.attempts ||
        clock.now() + waitMs >= endsAt ||
        signal?.aborted === true;
      if (givesUp) throw failed.length === 0 ? error : error.with({ failedAttempts: failed });
      failed.push({ error, waitMs });
      events.emit('model.retried', {
        model: model.id,
        attempt: failed.length,
        waitMs,
        error: error.toJSON(),
        ...(error.usage === undefined ? {} : { usage: error.usage }),
        ...(error.costDollars === undefined ? {} : { costDollars: error.costDollars }),
      });
      await clock.sleep(waitMs, signal);
      throwIfAborted(model.id, signal, failed);
    }
  }
}

/** Between attempts nothing is under way, so nothing more was spent. */
function throwIfAborted(
  modelId: string,
  signal: AbortSignal | undefined,
  failedAttempts: readonly FailedAttempt[],
): void {
  if (signal?.aborted) throw abortedError(modelId, signal, { sent: false }).with({ failedAttempts });
}

function pauseMs(error: ModelError, failures: number, policy: RetryPolicy): number {
  if (error.retryAfterMs !== undefined) return error.retryAfterMs;
  const full = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** failures);
  return Math.round(full / 2 + (full / 2) * policy.random());
}

function atLeast(minimum: number, name: string, value: number): number {
  if (value >= minimum && Number.isFinite(value)) return value;
  throw new ConfigurationError(`withRetries: ${name} has to be at least ${minimum}; it is ${value}.`);
}
