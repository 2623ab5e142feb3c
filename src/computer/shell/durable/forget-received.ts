import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandRun } from '../command-run.js';
import type { SpoolReader } from './spool-reader.js';
import { forgetText } from './spool-text.js';

const scriptTimeoutMs = 10_000;
const pauseMs = 1000;

/**
 * Gives a function to call when output has arrived: once that is `everyBytes` more, it is removed inside, one removal at a
 * time. A command that waits for room depends on it, so a removal that fails is tried again.
 */
export function forgetReceived(
  run: CommandRun,
  place: { readonly directory: () => string; readonly reader: () => SpoolReader },
  everyBytes: number,
  letGo: AbortSignal,
): () => void {
  const forgotten = { stdout: 0, stderr: 0 };
  let isBusy = false;
  const isDue = () => {
    const { stdout, stderr } = place.reader().received;
    return stdout - forgotten.stdout >= everyBytes || stderr - forgotten.stderr >= everyBytes;
  };
  const forget = async (): Promise<void> => {
    while (isDue() && !letGo.aborted) {
      const received = { ...place.reader().received };
      try {
        await run.engine.control.run(forgetText(place.directory(), received), scriptTimeoutMs);
        Object.assign(forgotten, received);
      } catch {
        // The link may be lost. It is tried again until the command is let go of.
        await sleep(pauseMs, undefined, { signal: letGo }).catch(() => undefined);
      }
    }
  };
  return () => {
    if (isBusy || !isDue()) return;
    isBusy = true;
    void forget().finally(() => {
      isBusy = false;
    });
  };
}
