import { setTimeout as delay } from 'node:timers/promises';
import type { Computer } from '../computer/computer.js';
import type { CallOptions } from '../computer/computer-interface.js';
import { ComputerLostError, ComputerStartError } from '../computer/errors.js';
import type { TaskVariant } from '../dataset/task.js';
import type { Layout } from './layout.js';
import { shellQuote } from '../computer/shell-quote.js';

export interface ReadinessOptions extends CallOptions {
  /** Milliseconds between looks at the most; they start at a tenth of it. Default 1000, upstream's is 15,000. */
  readonly intervalMs?: number | undefined;
}

/**
 * Waits until an IC computer says that its set-up is done. Manager computers are ready as they are.
 * Watches the machine as well as the file: a set-up script that dies would otherwise be waited for to the end.
 * @throws ComputerStartError with reason `died` or `timeout` and the machine's last log lines; ComputerLostError
 */
export async function waitUntilReady(
  computer: Computer,
  task: { readonly variant: TaskVariant },
  layout: Layout,
  { signal, timeoutMs = 1_200_000, intervalMs = 1000 }: ReadinessOptions = {},
): Promise<void> {
  if (task.variant === 'swe_manager') return;
  const deadline = performance.now() + timeoutMs;
  let trouble: unknown;
  for (let pauseMs = intervalMs / 10; ; pauseMs = Math.min(pauseMs * 2, intervalMs)) {
    const remainingMs = deadline - performance.now();
    if (remainingMs <= 0)
      throw await notReady(
        computer,
        'timeout',
        `${layout.readyFile} did not appear within ${timeoutMs} ms`,
        trouble,
      );
    const { state, error } = await look(computer, layout, signal, Math.min(remainingMs, lookTimeoutMs));
    if (state === 'ready') return;
    if (state === 'ended')
      throw await notReady(computer, 'died', 'it ended before its set-up was done', error);
    trouble = error;
    await delay(Math.min(pauseMs, remainingMs), undefined, { signal });
  }
}

const lookTimeoutMs = 30_000;

async function look(
  computer: Computer,
  layout: Layout,
  signal: AbortSignal | undefined,
  timeoutMs: number,
): Promise<{ readonly state: 'ready' | 'waiting' | 'ended'; readonly error?: unknown }> {
  try {
    const { stdout } = await computer.sendShellCommand(`cat ${shellQuote(layout.readyFile)} 2>/dev/null`, {
      signal,
      timeoutMs,
      label: 'look whether the set-up is done',
    });
    if (stdout.trim() === 'done') return { state: 'ready' };
  } catch (error) {
    if (signal?.aborted) throw error;
    // Whatever the command met, the machine's own state says whether waiting on makes sense. Not every machine can tell.
    const { state } = await computer.describe();
    if (state === 'unknown' && error instanceof ComputerLostError) throw error;
    return { state: state === 'ended' ? 'ended' : 'waiting', error };
  }
  const { state } = await computer.describe();
  return { state: state === 'ended' ? 'ended' : 'waiting' };
}

async function notReady(computer: Computer, reason: 'died' | 'timeout', what: string, cause: unknown) {
  const { exitCode, outOfMemory, lastLogLines = [] } = await computer.describe();
  const exit = typeof exitCode === 'number' ? ` Its exit code was ${exitCode}.` : '';
  const memory = outOfMemory ? ' It had run out of memory: raise `resources.memoryBytes`.' : '';
  const logs =
    lastLogLines.length > 0
      ? `\nLast lines of its log:\n${lastLogLines.slice(-15).join('\n')}`
      : ' It left no log.';
  return new ComputerStartError(`Computer ${computer.id} is not ready: ${what}.${exit}${memory}${logs}`, {
    reason,
    lastLogLines,
    computerId: computer.id,
    phase: 'ready',
    cause,
    // 137: ended from outside. A set-up that fails by itself, with a code of its own, would do so again.
    retryable:
      reason === 'timeout' || outOfMemory === true || typeof exitCode !== 'number' || exitCode === 137,
  });
}
