import { setTimeout as sleep } from 'node:timers/promises';
import { isPassing, lostFailure, startFailure } from './ssh-failure.js';
import { SshConnectError, type SshMaster } from './ssh-master.js';
import type { SshDestinationOptions } from './ssh-options.js';

const firstPauseMs = 200;
const longestPauseMs = 2000;

/**
 * Connects. Where it went well before, it is tried for as long as `reconnectTimeoutMs` says.
 * @throws ComputerStartError, after a first success ComputerLostError; the signal's reason
 */
export async function connect(
  { destination, reconnectTimeoutMs = 30_000 }: SshDestinationOptions,
  hasConnected: boolean,
  signal: AbortSignal,
  start: () => Promise<SshMaster>,
): Promise<SshMaster> {
  const until = performance.now() + (hasConnected ? reconnectTimeoutMs : 0);
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await start();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SshConnectError)) throw error;
      if (!isPassing(error.failure) || performance.now() + pauseMs > until) {
        throw (hasConnected ? lostFailure : startFailure)(destination, error.failure);
      }
      await sleep(pauseMs, undefined, { signal });
    }
  }
}
