import type { AgentUsage } from '../agent/agent-usage.js';
import type { SpentRecord } from '../store/journal-record.js';
import type { AttemptKey } from '../store/sample-key.js';

/** How long what attempts spend is gathered before it is written. Milliseconds. */
const gatherMs = 30_000;

/**
 * Keeps what attempts under way have spent, many turns of many attempts in one record. That an agent is at work, and the
 * first it spends, is written at once; of what follows a process that dies loses the last half minute.
 */
export class KeptSpending implements Disposable {
  readonly #write: (attempts: readonly SpentRecord[]) => Promise<void>;
  /** Whether each attempt under way was written with something spent. */
  readonly #hasSpent = new Map<string, boolean>();
  readonly #unwritten = new Map<string, SpentRecord>();
  #timer: NodeJS.Timeout | undefined;

  /** @param write a failure of it is met by whatever is written next. */
  constructor(write: (attempts: readonly SpentRecord[]) => Promise<void>) {
    this.#write = write;
  }

  report({ taskId, epoch, attempt }: AttemptKey, usage: AgentUsage): void {
    const key = keyText({ taskId, epoch, attempt });
    const before = this.#hasSpent.get(key);
    const hasSpent = before === true || spendsAnything(usage);
    this.#hasSpent.set(key, hasSpent);
    this.#unwritten.set(key, { taskId, epoch, attempt, usage });
    if (before !== hasSpent) this.#flush();
    // What is not written when the process ends by itself is in a result.
    else this.#timer ??= setTimeout(() => this.#flush(), gatherMs).unref();
  }

  /** An attempt has ended, and its result tells what it spent. */
  settle(key: AttemptKey): void {
    this.#hasSpent.delete(keyText(key));
    this.#unwritten.delete(keyText(key));
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const records = [...this.#unwritten.values()];
    if (records.length === 0) return;
    this.#unwritten.clear();
    this.#write(records).catch(() => undefined);
  }
}

function spendsAnything({ costDollars = 0, modelCalls = 0, inputTokens = 0 }: AgentUsage): boolean {
  return costDollars > 0 || modelCalls > 0 || inputTokens > 0;
}

function keyText({ taskId, epoch, attempt }: AttemptKey): string {
  return `${epoch}.${attempt}:${taskId}`;
}
