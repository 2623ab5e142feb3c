import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from './errors.js';

export interface Patience {
  /** How long a full or failing disk is waited for. Default: 60,000 ms. */
  readonly patienceMs?: number | undefined;
  /** Told once for each write that failed and is made again. */
  readonly onRetry?: ((error: unknown) => void) | undefined;
}

/**
 * Writes again until it works or patience is over. `write` has to undo what a failure of it may have left.
 * @throws StoreError
 */
export async function patiently<T>(
  what: string,
  { patienceMs = 60_000, onRetry }: Patience,
  write: () => Promise<T>,
): Promise<T> {
  const giveUpAt = performance.now() + patienceMs;
  for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    try {
      return await write();
    } catch (cause) {
      if (performance.now() + waitMs > giveUpAt) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new StoreError(
          `${what} could not be written: ${reason}. Nothing that was confirmed is lost; free the disk and run again to continue.`,
          { problem: 'unwritable', cause },
        );
      }
      onRetry?.(cause);
      await sleep(waitMs);
    }
  }
}
