import { type ErrorRecord, toErrorRecord } from '../errors.js';
import type { EventScope } from '../events/event-scope.js';
import type { SharedSetups } from './shared-setups.js';

/**
 * Disposes of set-ups that nobody shares any longer. What cannot be removed is the machine's trouble, and worth no result: a
 * `diagnostic` event tells of it. Resolves to what was in the way, for those who keep warnings.
 */
export async function endSetups(setups: SharedSetups, events: EventScope): Promise<ErrorRecord | undefined> {
  try {
    await setups[Symbol.asyncDispose]();
    return undefined;
  } catch (thrown) {
    const error = toErrorRecord(thrown);
    const message = `Snapshots of set-ups could not be removed, and are still on the machine: ${error.message}`;
    events.emit('diagnostic', { message, error });
    return error;
  }
}
