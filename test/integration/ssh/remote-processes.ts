import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Processes of this machine (every test server runs on it) whose command line holds `text`. */
export function processesWith(text: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** A number of seconds to sleep that nobody else sleeps, so that a process is found by it. */
export function uniqueSeconds(): string {
  return `${5000 + Math.floor(Math.random() * 1000)}.${process.hrtime.bigint() % 1_000_000n}`;
}

/** Waits for something that has no event. The limit is a guard against a hang. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  limitMs = 60_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(`It did not come to this: ${what}.`);
    await sleep(20);
  }
}

/** The names of the folders of computers with this id, and of what lies beside each for other users. */
export function foldersOf(id: string | undefined, parent = '/tmp'): readonly string[] {
  const begin = `.swelancer-${id}-`;
  return readdirSync(parent).filter(
    (name) => name.startsWith(begin) && /^[0-9a-f]{8}(\+|$)/.test(name.slice(begin.length)),
  );
}
