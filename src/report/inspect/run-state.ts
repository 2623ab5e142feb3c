import { readJournal } from '../../store/read-journal.js';
import type { StoredRun } from '../../store/stored-run.js';
import type { InspectError } from './log-format.js';

/** How far a run has come, in Inspect's words. */
export interface RunState {
  readonly status: 'success' | 'cancelled' | 'error' | 'started';
  readonly error?: InspectError | undefined;
}

/** `success` says that every sample has its result, an error's included: faults are in the samples. */
export async function runState(run: StoredRun, finished: number, planned: number): Promise<RunState> {
  if (finished >= planned) return { status: 'success' };
  let last: 'completed' | 'cancelled' | 'stopped' | undefined;
  for await (const { record } of readJournal(run.folder.journal)) {
    if (record?.type === 'session.started') last = undefined;
    if (record?.type === 'session.ended') last = record.outcome;
  }
  if (last === 'cancelled') return { status: 'cancelled' };
  if (last !== 'stopped') return { status: 'started' };
  const message = 'The run was stopped because too many samples ended with an error.';
  return { status: 'error', error: { message, traceback: message, traceback_ansi: message } };
}
