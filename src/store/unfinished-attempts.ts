import type { JournalRecord } from './journal-record.js';
import { type AttemptKey, attemptKeyText } from './sample-key.js';

/** An attempt that was begun and has no result: its process died, or it is under way. */
export interface UnfinishedAttempt extends AttemptKey {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** What its agent had told by then. Undefined where no agent was at work. */
  readonly usage: JournalUsage | undefined;
}

type JournalUsage = Extract<JournalRecord, { type: 'attempts.spent' }>['attempts'][number]['usage'];

/** Finds in a journal the attempts that came to no result, and whose work no result tells of. */
export class UnfinishedAttempts {
  readonly #open = new Map<string, UnfinishedAttempt>();

  take(record: JournalRecord): void {
    switch (record.type) {
      case 'attempt.started': {
        const { taskId, epoch, attempt, time } = record;
        // One that is handed out again has spent what it had spent.
        if (this.#open.has(attemptKeyText(record))) return;
        this.#open.set(attemptKeyText(record), { taskId, epoch, attempt, startedAt: time, usage: undefined });
        return;
      }
      case 'attempt.collected':
        this.#spend(record, record.usage);
        return;
      case 'attempts.spent':
        for (const attempt of record.attempts) this.#spend(attempt, attempt.usage);
        return;
      case 'attempt.finished': {
        const { workOf } = record.result;
        this.#open.delete(attemptKeyText(record));
        // Its usage is in this result too.
        if (workOf !== undefined) this.#open.delete(attemptKeyText({ ...record, attempt: workOf }));
      }
    }
  }

  all(): readonly UnfinishedAttempt[] {
    return [...this.#open.values()];
  }

  #spend(key: AttemptKey, usage: JournalUsage | undefined): void {
    const open = this.#open.get(attemptKeyText(key));
    if (open !== undefined) this.#open.set(attemptKeyText(key), { ...open, usage: usage ?? open.usage });
  }
}
