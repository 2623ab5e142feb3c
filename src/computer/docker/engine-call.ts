import type { CallOptions } from '../computer-interface.js';
import { Deadline, over } from '../deadline.js';
import { EngineTimeoutError, isConnectionFailure } from './engine-error.js';

export interface EngineCallOptions<T> extends CallOptions {
  /** Given the result when it comes after the caller has stopped waiting for it. */
  readonly onLate?: ((result: T) => void) | undefined;
}

/** Milliseconds. Generous: a busy engine takes seconds for what usually takes 20 ms. */
export const engineCallTimeoutMs = 60_000;

/**
 * Makes one call of the Engine API, waiting no longer than `timeoutMs` and no longer than the caller's signal allows.
 * The call gets a signal of its own, because dockerode leaves listeners on the one it is handed.
 * @throws the signal's reason, EngineTimeoutError, or what the call rejects with.
 */
export async function callEngine<T>(
  call: (signal: AbortSignal) => Promise<T>,
  { signal, timeoutMs = engineCallTimeoutMs, onLate }: EngineCallOptions<T> = {},
): Promise<T> {
  signal?.throwIfAborted();
  using deadline = new Deadline({ signal, timeoutMs });
  const answer = call(deadline.signal);
  try {
    const result = await deadline.whileOpen(answer);
    if (result !== over) return result;
  } catch (error) {
    // The call may notice the abort before we do.
    if (deadline.cause === undefined) throw error;
  }
  if (onLate !== undefined) answer.then(onLate, () => undefined);
  if (deadline.cause === 'timeout') {
    throw new EngineTimeoutError(`The Docker engine did not answer within ${timeoutMs} ms.`);
  }
  throw deadline.reason;
}

/** As `callEngine`, made once more when the link broke: for calls that change nothing when they are repeated. */
export async function callEngineTwice<T>(
  call: (signal: AbortSignal) => Promise<T>,
  options: EngineCallOptions<T> = {},
): Promise<T> {
  try {
    return await callEngine(call, options);
  } catch (error) {
    if (!isConnectionFailure(error) || error instanceof EngineTimeoutError) throw error;
    return await callEngine(call, options);
  }
}
