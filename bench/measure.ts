import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { effort } from './effort.js';

/** One of those who do the same work. */
export interface Contender<Prepared = void> {
  /** Does the work once. */
  readonly run: (prepared: Prepared) => Promise<unknown>;
  /** How often a round does it, so that what is quick is measured more often. Default: once. */
  readonly times?: number | undefined;
  /** Before each run, and not measured. */
  readonly prepare?: (() => Promise<Prepared>) | undefined;
  /** After each run, and not measured. */
  readonly tidy?: ((prepared: Prepared) => Promise<void>) | undefined;
}

/**
 * Milliseconds of every run of each contender. They take turns, so that whatever else the machine does hits all of them;
 * a first round is not counted.
 */
export async function takeTurns<Name extends string, Prepared = void>(
  rounds: number,
  contenders: Readonly<Record<Name, Contender<Prepared>>>,
): Promise<Readonly<Record<Name, number[]>>> {
  const names = Object.keys(contenders) as Name[]; // The keys of a record of names are names.
  const taken = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>; // As above.
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const { run, times = 1, prepare, tidy } = contenders[name];
      for (let time = 0; time < (round === 0 ? 1 : effort(times, 1)); time++) {
        const prepared = (await prepare?.()) as Prepared; // Who prepares nothing asks for nothing.
        const ms = await timed(async () => run(prepared));
        await tidy?.(prepared);
        if (round > 0) taken[name].push(ms);
      }
    }
  }
  return taken;
}

/** Milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

const sampleMs = 20;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void; // What the flag adds.

/** MiB by which heap and buffers grew at most while the work went on, beyond what was in use before. */
export async function peakGrowthMib(work: () => Promise<unknown>): Promise<number> {
  collectGarbage();
  const before = memoryBytes();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, memoryBytes());
  }, sampleMs);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return (peak - before) / 1024 ** 2;
}

function memoryBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** MiB of heap and buffers that are in use once nothing is left to be collected. */
export function keptMib(): number {
  collectGarbage();
  return memoryBytes() / 1024 ** 2;
}
