import type PQueue from 'p-queue';

/** Lets work through when there is room for it. Rejects when the signal fires before that. */
export type Gate = <T>(work: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T>;

/** A signal takes work out of the line; work that is under way ends by itself, and keeps its place until then. */
export function gateOf(queue: PQueue): Gate {
  return async (work, signal) => {
    signal?.throwIfAborted();
    // With room there is no line to leave.
    if (queue.size === 0 && queue.pending < queue.concurrency && !queue.isPaused)
      return await queue.add(work);
    const leave = new AbortController();
    const onAbort = () => leave.abort(signal?.reason);
    const stay = () => signal?.removeEventListener('abort', onAbort);
    signal?.addEventListener('abort', onAbort);
    try {
      return await queue.add(
        async () => {
          stay();
          return await work();
        },
        { signal: leave.signal },
      );
    } finally {
      stay();
    }
  };
}
