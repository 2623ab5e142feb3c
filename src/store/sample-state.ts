import { sampleKeyText } from './sample-key.js';
import type { JournalRecord } from './journal-record.js';

/** How far a sample has come, by its journal. */
export interface SampleState {
  /** The number of the last attempt that was begun. 0 for none. */
  readonly attempts: number;
  /** Whether the last attempt has ended. */
  readonly ended: boolean;
  readonly finished: boolean;
  /** Whether an error finished it, rather than a score. */
  readonly failed: boolean;
  /** The last attempt whose work was kept and has not been scored yet. */
  readonly collected: number | undefined;
  /** Attempts that ended with an error, by whether the agent's work was there to be graded. */
  readonly faults: { readonly run: number; readonly grade: number };
}

export const untouchedSample: SampleState = {
  attempts: 0,
  ended: true,
  finished: false,
  failed: false,
  collected: undefined,
  faults: { run: 0, grade: 0 },
};

/** The state of every sample that a journal speaks of. */
export class SampleStates {
  readonly #states = new Map<string, SampleState>();

  of(key: { readonly taskId: string; readonly epoch: number }): SampleState {
    return this.#states.get(sampleKeyText(key)) ?? untouchedSample;
  }

  take(record: JournalRecord): void {
    if (!('taskId' in record)) return;
    this.#states.set(sampleKeyText(record), next(this.of(record), record));
  }
}

function next(state: SampleState, record: Extract<JournalRecord, { taskId: string }>): SampleState {
  const attempts = Math.max(state.attempts, record.attempt);
  switch (record.type) {
    case 'attempt.started':
      // A finished sample that is taken up again has all its retries before it.
      return {
        ...state,
        attempts,
        ended: false,
        finished: false,
        ...(state.finished && { faults: { run: 0, grade: 0 } }),
      };
    case 'attempt.collected':
      return { ...state, attempts, collected: record.attempt };
    case 'attempt.finished': {
      const { result, final } = record;
      const failed = result.status === 'error';
      const { run, grade } = state.faults;
      const graded = state.collected !== undefined;
      return {
        attempts,
        ended: true,
        finished: final,
        failed,
        collected: result.status === 'scored' ? undefined : state.collected,
        faults: failed ? { run: run + (graded ? 0 : 1), grade: grade + (graded ? 1 : 0) } : state.faults,
      };
    }
  }
}
