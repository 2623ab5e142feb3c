import type { AgentUsage } from '../agent/agent-usage.js';
import type { SpentRecord } from '../store/journal-record.js';
import type { AttemptKey } from '../store/sample-key.js';
import type { EvalStore } from './eval-store.js';

/** How long what attempts spend is gathered before it is written. Milliseconds. */
const gatherMs = 30_000;

/**
 * Keeps what attempts under way have spent, many turns of many attempts in one record. That an agent is at work, and the
 * first it spends, is written at once; of what follows a process that dies loses the last half minute.
 */
export class KeptSpending implements Disposable {
  readonly #store: Pick<EvalStore, 'spent'>;
  readonly #attempts = new Map<string, Entry>();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Pick<EvalStore, 'spent'>) {
    this.#store = store;
  }

  report({ taskId, epoch, attempt }: AttemptKey, usage: AgentUsage): void {
    const key = keyText({ taskId, epoch, attempt });
    const before = this.#attempts.get(key);
    const hasSpent = before?.hasSpent === true || spendsAnything(usage);
    this.#attempts.set(key, { record: { taskId, epoch, attempt, usage }, hasSpent, isWritten: false });
    if (before?.hasSpent !== hasSpent) this.#write();
    // What is not written when the process ends by itself is in a result.
    else this.#timer ??= setTimeout(() => this.#write(), gatherMs).unref();
  }

  /** An attempt has ended, and its result tells what it spent. */
  settle(key: AttemptKey): void {
    this.#attempts.delete(keyText(key));
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const records: SpentRecord[] = [];
    for (const [key, entry] of this.#attempts) {
      if (entry.isWritten) continue;
      records.push(entry.record);
      this.#attempts.set(key, { ...entry, isWritten: true });
    }
    if (records.length === 0) return;
    // A store that cannot be written ends the run at the next result.
    this.#store.spent(records).catch(() => undefined);
  }
}

interface Entry {
  readonly record: SpentRecord;
  readonly hasSpent: boolean;
  readonly isWritten: boolean;
}

function spendsAnything({ costDollars = 0, modelCalls = 0, inputTokens = 0 }: AgentUsage): boolean {
  return costDollars > 0 || modelCalls > 0 || inputTokens > 0;
}

function keyText({ taskId, epoch, attempt }: AttemptKey): string {
  return `${epoch}.${attempt}:${taskId}`;
}
