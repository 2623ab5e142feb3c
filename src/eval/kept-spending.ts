import type { AgentUsage } from '../agent/agent-usage.js';
import type { SpentRecord } from '../store/journal-record.js';
import { type AttemptKey, attemptKeyText } from '../store/sample-key.js';

/** How long what attempts spend is gathered before it is written. Milliseconds. */
const gatherMs = 30_000;

/**
 * Keeps what attempts under way have spent, many turns of many attempts in one record. That an agent is at work, that it
 * counts its cost, and the first it spends, is written at once; of what follows a process that dies loses the last half minute.
 */
export class KeptSpending implements Disposable {
  readonly #write: (attempts: readonly SpentRecord[]) => Promise<void>;
  /** How much was known of each attempt under way. */
  readonly #known = new Map<string, number>();
  readonly #unwritten = new Map<string, SpentRecord>();
  #timer: NodeJS.Timeout | undefined;

  /** @param write a failure of it is met by whatever is written next. */
  constructor(write: (attempts: readonly SpentRecord[]) => Promise<void>) {
    this.#write = write;
  }

  report({ taskId, epoch, attempt }: AttemptKey, usage: AgentUsage): void {
    const key = attemptKeyText({ taskId, epoch, attempt });
    const before = this.#known.get(key) ?? -1;
    const known = knownBy(usage);
    this.#known.set(key, Math.max(before, known));
    this.#unwritten.set(key, { taskId, epoch, attempt, usage });
    if (known > before) this.#flush();
    // What is not written when the process ends by itself is in a result.
    else this.#timer ??= setTimeout(() => this.#flush(), gatherMs).unref();
  }

  /** An attempt has ended, and its result tells what it spent. */
  settle(key: AttemptKey): void {
    this.#known.delete(attemptKeyText(key));
    this.#unwritten.delete(attemptKeyText(key));
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

/** 0: an agent is at work. 1: what it costs, which is nothing yet. 2: it has spent something. */
function knownBy({ costDollars, modelCalls = 0, inputTokens = 0 }: AgentUsage): number {
  if ((costDollars ?? 0) > 0 || modelCalls > 0 || inputTokens > 0) return 2;
  return costDollars === undefined ? 0 : 1;
}
