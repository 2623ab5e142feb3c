import { usageSum } from '../result/usage-sum.js';
import type { JournalRecord, SpentRecord } from './journal-record.js';
import { type AttemptKey, attemptKeyText, sampleKeyText } from './sample-key.js';

/**
 * An attempt that was begun and has no result: its process died, or it is under way. Where a run scores the work of another,
 * also an attempt of that one which had other work, or none: its number and its result are that run's.
 */
export interface UnfinishedAttempt extends AttemptKey {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** What its agent had told by then. Undefined where no agent was at work. */
  readonly usage: JournalUsage;
  /** The part of `usage` that a result which grades its work later does not tell. */
  readonly lost: JournalUsage;
}

type JournalUsage = SpentRecord['usage'];

interface Spending {
  readonly usage?: JournalUsage;
  readonly lost?: JournalUsage;
}

interface OpenAttempt extends AttemptKey, Spending {
  readonly startedAt: number;
  /** How often it was handed out, those times left out when nobody got it. */
  readonly timesBegun: number;
}

/** Finds in a journal the attempts that came to no result, and whose work no result tells of. */
export class UnfinishedAttempts {
  readonly #open = new Map<string, OpenAttempt>();
  /** By sample: those of the run that is scored again. */
  readonly #before = new Map<string, readonly UnfinishedAttempt[]>();

  take(record: JournalRecord): void {
    switch (record.type) {
      case 'attempt.started': {
        const { taskId, epoch, attempt, time } = record;
        // One that is handed out again has spent what it had spent.
        const open = this.#open.get(attemptKeyText(record)) ?? { startedAt: time, timesBegun: 0 };
        this.#open.set(attemptKeyText(record), {
          ...open,
          ...{ taskId, epoch, attempt },
          timesBegun: open.timesBegun + 1,
        });
        return;
      }
      case 'attempt.returned': {
        const open = this.#open.get(attemptKeyText(record));
        if (open === undefined) return;
        // It stays: somebody may have got it after all, and tell what was spent.
        this.#open.set(attemptKeyText(record), { ...open, timesBegun: open.timesBegun - 1 });
        return;
      }
      case 'attempt.collected':
        this.#spend(record, record);
        return;
      case 'attempts.spent':
        for (const attempt of record.attempts) this.#spend(attempt, attempt);
        return;
      case 'spent.before': {
        const { sample, attempts } = record;
        this.#before.set(
          sampleKeyText(sample),
          attempts.map(({ attempt, startedAt, usage }) => ({
            ...{ ...sample, attempt, startedAt },
            usage,
            lost: usage,
          })),
        );
        return;
      }
      case 'attempt.finished': {
        const { workOf } = record.result;
        this.#open.delete(attemptKeyText(record));
        if (workOf !== undefined) this.#graded({ ...record, attempt: workOf });
      }
    }
  }

  all(): readonly UnfinishedAttempt[] {
    const begun = [...this.#open.values()].filter(
      ({ timesBegun, usage, lost }) => timesBegun > 0 || usage !== undefined || lost !== undefined,
    );
    const open = begun.map(({ taskId, epoch, attempt, startedAt, usage, lost }) => {
      const parts = [usage, lost].filter((part) => part !== undefined);
      const all = parts.length === 0 ? undefined : usageSum(parts);
      return { taskId, epoch, attempt, startedAt, usage: all, lost };
    });
    return [...[...this.#before.values()].flat(), ...open];
  }

  #spend(key: AttemptKey, { usage, lost }: Spending): void {
    const open = this.#open.get(attemptKeyText(key));
    if (open === undefined) return;
    this.#open.set(attemptKeyText(key), { ...open, usage: usage ?? open.usage, lost: lost ?? open.lost });
  }

  /** The usage of its work is in the result that graded it, unlike what was lost before that work. */
  #graded(key: AttemptKey): void {
    const open = this.#open.get(attemptKeyText(key));
    if (open?.lost === undefined) this.#open.delete(attemptKeyText(key));
    else this.#open.set(attemptKeyText(key), { ...open, usage: undefined });
  }
}
