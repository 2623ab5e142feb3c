import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  type AgentContext,
  type ComputerRuntime,
  type Gates,
  gradeTask,
  runTask,
} from '../../../src/index.js';
import { fakeBenchmarkRuntime, fakeSolver } from '../../fixtures/fake-benchmark.js';
import { icTask } from '../../fixtures/tasks.js';

const task = icTask({ id: '1_1', price: 100 });
const minute = 60_000;
const limits = { wallClockMs: minute };
const deadlines = { startMs: minute, gradeMs: minute };

/** A line that others keep one waiting in for an hour. */
const slow: Gates = {
  start: async (work) => {
    vi.advanceTimersByTime(60 * minute);
    return await work();
  },
};

const agent = async (context: AgentContext) => {
  await context.userTool?.();
  return await fakeSolver.solve(context);
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('counts no time in line for a start, against no deadline and no limit', async () => {
  const purposes: string[] = [];
  const runtime = fakeBenchmarkRuntime({
    on: ({ label, purpose }) => {
      if (label === 'start') purposes.push(purpose);
      return undefined;
    },
  });
  const result = await runTask({ task, agent, runtime, limits, deadlines, gates: slow });
  expect(result).toMatchObject({ status: 'scored', outcome: 'passed' });
  expect(result.endedByLimit).toBeUndefined();
  expect(purposes).toEqual(['agent', 'user-tool', 'grading']);
});

it.each([
  ['grading', { status: 'error', error: { code: 'phase_timeout', phase: 'grade' } }],
  ['user-tool', { status: 'scored', endedByLimit: 'wallClockMs' }],
] as const)('counts the start itself, once it is its turn (%s)', async (slowOne, expected) => {
  const runtime = fakeBenchmarkRuntime({
    on: ({ label, purpose }) => {
      if (label === 'start' && purpose === slowOne) vi.advanceTimersByTime(minute);
      return undefined;
    },
  });
  const result = await runTask({ task, agent, runtime, limits, deadlines, gates: slow });
  expect(result).toMatchObject(expected);
});

it('tells a start that follows nothing but its signal when its time is over', async () => {
  const inner = fakeBenchmarkRuntime();
  const runtime: ComputerRuntime = {
    name: 'patient',
    start: async (request, options) => {
      if (request.purpose !== 'grading') return await inner.start(request, options);
      return await new Promise((_, reject) => {
        // As fetch does.
        options.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error));
        vi.advanceTimersByTime(minute);
      });
    },
  };
  const patient = { startMs: minute, gradeMs: 2 * minute };
  const result = await runTask({ task, agent: fakeSolver, runtime, deadlines: patient });
  expect(result).toMatchObject({ status: 'error', error: { code: 'computer_start', retryable: true } });
});

it('lets saved work through the same line', async () => {
  const saved = await runTask({ task, agent, runtime: fakeBenchmarkRuntime() });
  let through = 0;
  const gates: Gates = {
    start: async (work) => {
      through++;
      return await work();
    },
  };
  const options = { task, saved, runtime: fakeBenchmarkRuntime(), ...{ gates } };
  expect(await gradeTask(options)).toMatchObject({ outcome: 'passed' });
  expect(through).toBe(1);
});
