import type { ResultRecord } from '../result/task-result.js';
import { sampleKeyText } from './sample-key.js';
import type { JournalRecord } from './journal-record.js';

/** How far a sample has come, by its journal. */
export interface SampleState {
  /** The number of the last attempt that was begun. 0 for none. */
  readonly attempts: number;
  /** Whether the last attempt has ended. */
  readonly ended: boolean;
  /** Whether the last attempt has no end because nobody got it, rather than because it was lost or is under way. */
  readonly returned: boolean;
  readonly finished: boolean;
  /** Whether an error finished it, rather than a score. */
  readonly failed: boolean;
  /** The last attempt whose work was kept and has not been scored yet. */
  readonly collected: number | undefined;
  /** Attempts that ended with an error, by whether the agent's work was there to be graded. */
  readonly faults: { readonly run: number; readonly grade: number };
  /** How often an attempt was begun again that had come to no end, since the last one that did. */
  readonly deaths: number;
  /** The session that began the last attempt, from 1. */
  readonly begunIn: number;
}

export const untouchedSample: SampleState = {
  attempts: 0,
  ended: true,
  returned: false,
  finished: false,
  failed: false,
  collected: undefined,
  faults: { run: 0, grade: 0 },
  deaths: 0,
  begunIn: 0,
};

/** The state of every sample that a journal speaks of. */
export class SampleStates {
  readonly #states = new Map<string, SampleState>();
  #sessions = 0;
  /** Sessions in which an attempt came to its end. */
  readonly #fruitful = new Set<number>();

  of(key: { readonly taskId: string; readonly epoch: number }): SampleState {
    return this.#states.get(sampleKeyText(key)) ?? untouchedSample;
  }

  /**
   * How often in a row a process died with an attempt at the sample, the last one included where it has no end. A session
   * that brought any attempt to its end does not count: its samples did not stop it.
   */
  deaths(key: { readonly taskId: string; readonly epoch: number }): number {
    const { deaths, ended, returned, begunIn } = this.of(key);
    return deaths + (ended || returned || this.#fruitful.has(begunIn) ? 0 : 1);
  }

  take(record: JournalRecord): void {
    if (record.type === 'session.started') this.#sessions++;
    if (record.type === 'attempt.finished' && !isDeath(record.result)) this.#fruitful.add(this.#sessions);
    if (!('taskId' in record)) return;
    const before = this.of(record);
    const began = record.type === 'attempt.started' && {
      deaths: this.deaths(record),
      begunIn: this.#sessions,
    };
    this.#states.set(sampleKeyText(record), { ...next(before, record), ...began });
  }
}

/** What is said of a sample whose processes died, as the code of its error. */
export const processDied = 'process_died';

function isDeath(result: ResultRecord): boolean {
  return result.status === 'error' && result.error.code === processDied;
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
        returned: false,
        finished: false,
        ...(state.finished && { faults: { run: 0, grade: 0 } }),
      };
    case 'attempt.returned':
      return record.attempt === state.attempts ? { ...state, returned: !state.ended } : state;
    case 'attempt.collected':
      return { ...state, attempts, collected: record.attempt };
    case 'work.damaged':
      return { ...state, attempts, collected: undefined };
    case 'attempt.finished': {
      const { result, final } = record;
      const failed = result.status === 'error';
      const { run, grade } = state.faults;
      const graded = state.collected !== undefined;
      return {
        ...state,
        attempts,
        ended: true,
        returned: false,
        deaths: 0,
        finished: final,
        failed,
        collected: result.status === 'scored' ? undefined : state.collected,
        faults: failed ? { run: run + (graded ? 0 : 1), grade: grade + (graded ? 1 : 0) } : state.faults,
      };
    }
  }
}
