import { describe, expect, it } from 'vitest';
import { runEval } from '../../../src/index.js';
import { fakeBenchmarkRuntime, fakeSolver, fakeTasks } from '../../fixtures/fake-benchmark.js';

describe('runEval', () => {
  it('runs every task as often as there are epochs and sums up', async () => {
    const runtime = fakeBenchmarkRuntime();
    const outcome = await runEval({ dataset: fakeTasks(8), agent: fakeSolver, runtime, epochs: 2 });
    expect(outcome.records.map(({ status }) => status === 'error').filter(Boolean)).toEqual([]);
    expect(outcome).toMatchObject({ status: 'completed', folder: undefined });
    expect(outcome.records).toHaveLength(16);
    expect(outcome.summary.overall).toMatchObject({ earned: 7200 });
    expect(runtime.open()).toBe(0);
  });
});
