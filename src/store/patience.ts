import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from './errors.js';

export interface Patience {
  /** How long a full or failing disk is waited for. Default: 60,000 ms. */
  readonly patienceMs?: number | undefined;
  /** Ends the wait: what cannot be written after that is not waited for. */
  readonly signal?: AbortSignal | undefined;
  /** Told once for each write that failed and is made again. */
  readonly onRetry?: ((error: unknown) => void) | undefined;
}

/**
 * Writes again until it works or patience is over; once more, and no longer, when the signal fires. `write` has to undo what a failure of it may have left. What no waiting
 * mends, such as a folder that must not be written, ends it at once, as does a `StoreError` of `write` itself.
 * @throws StoreError
 */
export async function patiently<T>(
  what: string,
  { patienceMs = 60_000, signal, onRetry }: Patience,
  write: () => Promise<T>,
): Promise<T> {
  const giveUpAt = performance.now() + patienceMs;
  for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    try {
      return await write();
    } catch (cause) {
      if (cause instanceof StoreError) throw cause;
      const hopeless = adviceForPlace(cause);
      const isCancelled = signal?.aborted === true;
      if (hopeless !== undefined || isCancelled || performance.now() + waitMs > giveUpAt)
        throw unwritable(what, cause, hopeless ?? adviceForState(cause), isCancelled);
      onRetry?.(cause);
      await sleepUnlessCancelled(waitMs, signal);
    }
  }
}

function unwritable(what: string, cause: unknown, advice: string, isCancelled: boolean): StoreError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const given = isCancelled ? ' It is not waited for, since the run was cancelled.' : '';
  return new StoreError(
    `${what} could not be written: ${reason}.${given} Nothing that was confirmed is lost; ${advice} and run again to continue.`,
    { problem: 'unwritable', cause },
  );
}

async function sleepUnlessCancelled(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  // Each attempt of a run may wait, which Node takes for a leak from the eleventh on.
  if (signal !== undefined) setMaxListeners(0, signal);
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** For what the file system says of a place, which no waiting changes. Undefined for all else. */
function adviceForPlace(cause: unknown): string | undefined {
  // Not the file system's: a path that is none, or a mistake of ours.
  if (!(cause instanceof Error && 'code' in cause && 'syscall' in cause)) return 'use another folder';
  const { code, syscall } = cause;
  // The folders above it are made too, where any can be made.
  if (code === 'ENOENT') return syscall === 'mkdir' ? 'no folder can be made there: use another' : undefined;
  return typeof code === 'string' ? places.get(code) : undefined;
}

const permissions = 'see to its permissions, or use another folder,';
const taken = 'a file is where a folder has to be: move it, or use another folder,';
const places: ReadonlyMap<string, string> = new Map([
  ['EACCES', permissions],
  ['EPERM', permissions],
  ['EROFS', permissions],
  ['ENOTDIR', taken],
  ['EEXIST', taken],
  ['EISDIR', 'a folder is where a file has to be: move it, or use another folder,'],
  ['ENAMETOOLONG', 'use another folder'],
  ['ELOOP', 'use another folder'],
]);

function adviceForState(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT' ? 'free the disk' : 'see to the disk';
}
