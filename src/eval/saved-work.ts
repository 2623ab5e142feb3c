import type { EventScope } from '../events/event-scope.js';
import type { UngradedResult } from '../result/task-result.js';
import type { AttemptKey, SampleKey } from '../store/sample-key.js';
import type { EvalStore } from './eval-store.js';

/**
 * Whether there is something to be graded without an agent. What was kept and cannot be read is told to `events`.
 * @throws StoreError
 */
export async function isGradable(store: EvalStore, key: SampleKey, events: EventScope): Promise<boolean> {
  const { collected } = store.state(key);
  if (collected === undefined) return false;
  if ((await store.work({ ...key, attempt: collected })) !== undefined) return true;
  events.within(key).emit('diagnostic', {
    message: 'The work that was kept cannot be read, so that there is nothing to grade. It is left out.',
  });
  return false;
}

/**
 * The work that an earlier attempt at the sample has left, to be graded by this one. What cannot be read is told to `events`
 * and given up: the store counts on the agent again.
 * @throws StoreError
 */
export async function savedWork(
  store: EvalStore,
  key: AttemptKey,
  events?: EventScope,
): Promise<UngradedResult | undefined> {
  const { collected } = store.state(key);
  if (collected === undefined) return undefined;
  const made = { ...key, attempt: collected };
  const work = await store.work(made);
  if (work !== undefined) return work;
  await store.workDamaged(made);
  events?.within(key).emit('diagnostic', {
    message: `The work of attempt ${collected} was kept and cannot be read, so the agent works again. It counts as a new attempt.`,
  });
  return undefined;
}
