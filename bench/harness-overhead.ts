import { strictEqual } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runEval } from '../src/index.js';
import { fakeBenchmarkRuntime, fakeSolver, fakeTasks } from '../test/fixtures/fake-benchmark.js';
import { keptMib } from './measure.js';
import type { RowGroup } from './row.js';

const tasks = 10_000;
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
      what: 'CPU for a task, of 10,000 with 1,000 at once',
      ours: { value: (user + system) / 1000 / tasks, unit: 'ms' },
      bar: { kind: 'at most', value: 2 },
    });
    const folder = await mkdtemp(join(tmpdir(), 'swelancer-bench-'));
    try {
      const kept: number[] = [];
      const onResult = (count: number) => {
        if (count === warmUp || count === tasks - 1_000) kept.push(keptMib());
      };
      await evaluate({ store: join(folder, 'run'), onResult });
      const [warm = 0, late = 0] = kept;
      report({
        what: 'memory kept from task 2,000 to 9,000, into a store',
        ours: { value: late - warm, unit: 'MiB' },
        bar: { kind: 'at most', value: 16 },
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

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
    concurrency: 1_000,
    store,
  });
  let count = 0;
  run.events.on('task.finished', () => onResult?.(++count));
  strictEqual((await run).records.length, tasks);
}
