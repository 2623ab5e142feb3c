import { expect, it } from 'vitest';
import { commandRuntime } from '../../../src/computer/command/index.js';
import { pooledRuntime } from '../../../src/computer/pool/index.js';
import { noopAgent, runTask } from '../../../src/index.js';
import { fakeTasks } from '../../fixtures/fake-benchmark.js';

const hanging = commandRuntime({
  name: 'hanging',
  create: async (_request, { signal }) =>
    new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    }),
  prefix: () => ['sh'],
  destroy: async () => undefined,
});

it.each([
  ['of commands', hanging],
  ['in a pool', pooledRuntime([{ name: 'one', runtime: hanging, capacity: 1 }])],
])('a start by a runtime %s that takes too long may be tried again', async (_, runtime) => {
  const [task] = fakeTasks(1);
  if (task === undefined) throw new Error('There is a task.');
  const result = await runTask({ task, agent: noopAgent(), runtime, deadlines: { startMs: 200 } });
  expect(result).toMatchObject({ status: 'error', error: { phase: 'start', retryable: true } });
});
