import { strictEqual } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runEval } from '../src/index.js';
import { fakeBenchmarkRuntime, fakeSolver, fakeTasks } from '../test/fixtures/fake-benchmark.js';
import { keptMib, median } from './measure.js';
import type { RowGroup } from './row.js';
import { effort } from './effort.js';

const tasks = effort(10_000, 1_000);
const atOnce = effort(1_000, 100);
const warmUp = tasks / 5;

/**
 * What an evaluation costs beside its computers and models: 10,000 tasks on computers in memory, 1,000 at once. The fake
 * computers' own work is in the figures.
 */
export const harnessOverhead: RowGroup = {
  name: 'harness-overhead',
  missing: async () => undefined,
  measure: async (report) => {
    const before = process.cpuUsage();
    await evaluate({});
    const { user, system } = process.cpuUsage(before);
    report({
      what: `CPU for a task, of ${inWords(tasks)} with ${inWords(atOnce)} at once`,
      ours: { value: (user + system) / 1000 / tasks, unit: 'ms' },
      bar: { kind: 'at most', value: 2 },
    });
    const folder = await mkdtemp(join(tmpdir(), 'swelancer-bench-'));
    try {
      const looks: Look[] = [];
      const onResult = (count: number) => {
        if (count < warmUp || count > tasks - atOnce || count % (tasks / 20) > 0) return;
        looks.push({ count, mib: keptMib() });
      };
      await evaluate({ store: join(folder, 'run'), onResult });
      report({
        what: `memory kept from task ${inWords(warmUp)} to ${inWords(tasks - atOnce)}, into a store`,
        ours: { value: growth(looks) * (tasks - atOnce - warmUp), unit: 'MiB' },
        bar: { kind: 'at most', value: 16 },
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

function inWords(count: number): string {
  return count.toLocaleString('en-US');
}

interface Look {
  /** Tasks that had finished. */
  readonly count: number;
  readonly mib: number;
}

/**
 * MiB a task: the median slope between two looks (Theil and Sen). What the thousand tasks under way hold differs from look
 * to look by more than what stays.
 */
function growth(looks: readonly Look[]): number {
  return median(
    looks.flatMap((early, index) =>
      looks.slice(index + 1).map((late) => (late.mib - early.mib) / (late.count - early.count)),
    ),
  );
}

async function evaluate({
  store,
  onResult,
}: {
  readonly store?: string;
  readonly onResult?: (count: number) => void;
}): Promise<void> {
  const run = runEval({
    dataset: fakeTasks(tasks),
    agent: fakeSolver,
    runtime: fakeBenchmarkRuntime(),
    concurrency: atOnce,
    store,
  });
  let count = 0;
  run.events.on('task.finished', () => onResult?.(++count));
  strictEqual((await run).records.length, tasks);
}
