import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlShell } from './control-shell.js';
import { endProcesses } from './end-processes.js';

const pauseMs = 5000;
/** An hour: a link that has been away for longer takes the rest with it when the computer is given back. */
const tries = 720;

/** Ends processes that could not be reached when they were to end. Never rejects; stops with the signal. */
export async function killLater(control: ControlShell, marker: string, closing: AbortSignal): Promise<void> {
  for (let attempt = 0; attempt < tries; attempt++) {
    try {
      // Nobody waits for it, so it keeps no process alive.
      await sleep(pauseMs, undefined, { signal: closing, ref: false });
    } catch {
      return;
    }
    const { outcome } = await endProcesses({ control, query: { marker }, graceMs: 0 });
    if (outcome === 'confirmed') return;
  }
}
