import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from './errors.js';

export interface Patience {
  /** How long a full or failing disk is waited for. Default: 60,000 ms. */
  readonly patienceMs?: number | undefined;
  /** Told once for each write that failed and is made again. */
  readonly onRetry?: ((error: unknown) => void) | undefined;
}

/**
 * Writes again until it works or patience is over. `write` has to undo what a failure of it may have left. What no waiting
 * mends, such as a folder that must not be written, ends it at once, as does a `StoreError` of `write` itself.
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
      if (cause instanceof StoreError) throw cause;
      const isHopeless = cause instanceof Error && 'code' in cause && hopeless.has(cause.code);
      if (isHopeless || performance.now() + waitMs > giveUpAt) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        const advice = isHopeless ? 'see to its permissions, or use another folder' : 'free the disk';
        throw new StoreError(
          `${what} could not be written: ${reason}. Nothing that was confirmed is lost; ${advice} and run again to continue.`,
          { problem: 'unwritable', cause },
        );
      }
      onRetry?.(cause);
      await sleep(waitMs);
    }
  }
}

/** What the file system says of a place, not of its state. */
const hopeless: ReadonlySet<unknown> = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EISDIR',
  'ENAMETOOLONG',
]);
