import type { EventScope } from '../events/event-scope.js';
import { savedWork } from './saved-work.js';
import type { RunIdentity, SampleJob } from './sample-job.js';
import type { AttemptKey, SampleKey } from '../store/sample-key.js';
import type { EvalStore } from './eval-store.js';

export interface NextAttempt {
  readonly key: AttemptKey;
  /** Whether it was begun before this session, somewhere else, and may be under way or done there. */
  readonly begun: boolean;
}

/** @param elsewhere whether attempts outlive this process: then one without an end is the next. */
export function nextAttempt(store: EvalStore, { taskId, epoch }: SampleKey, elsewhere: boolean): NextAttempt {
  const { attempts, ended } = store.state({ taskId, epoch });
  const begun = elsewhere && !ended;
  return { key: { taskId, epoch, attempt: begun ? attempts : attempts + 1 }, begun };
}

/** The job of an attempt. Work that an attempt has left is in it, to be graded. `events`: told of work that is damaged. */
export async function sampleJob(
  store: EvalStore,
  key: AttemptKey,
  runId: string,
  run: RunIdentity,
  events?: EventScope,
): Promise<SampleJob> {
  const saved = await savedWork(store, key, events);
  return { schema: 1, runId, ...key, run, ...(saved !== undefined && { saved }) };
}
