import { describe, expect, it } from 'vitest';
import {
  ConfigurationError,
  gradeRun,
  gradeTask,
  rescoreRun,
  runEval,
  runSummary,
  runTask,
  type TaskLabels,
  type EvalOptions,
  type RunTaskOptions,
} from '../../../src/index.js';
import { writeReport } from '../../../src/report/index.js';
import { writeInspectLog } from '../../../src/report/inspect/index.js';
import { fakeBenchmarkRuntime, fakeSolver, fakeTasks } from '../../fixtures/fake-benchmark.js';

const dataset = fakeTasks(1);
const [task] = dataset;
if (task === undefined) throw new Error('There is no task.');

/** What is refused, where nothing must have been started. Callers without types may pass anything. */
async function refusal(call: (runtime: RunTaskOptions['runtime']) => unknown): Promise<string> {
  let starts = 0;
  const fake = fakeBenchmarkRuntime({
    on: ({ label }) => {
      if (label === 'start') starts++;
      return undefined;
    },
  });
  try {
    await call(fake);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(starts).toBe(0);
    return (error as ConfigurationError).message;
  }
  throw new Error('It was not refused.');
}

const callees = {
  runTask: (options: object) =>
    refusal((runtime) => runTask({ task, agent: fakeSolver, runtime, ...options })),
  runEval: (options: object) =>
    refusal((runtime) => {
      // As a caller without types has it.
      const all = { dataset, agent: fakeSolver, runtime, ...options } as EvalOptions;
      // At once, not as a rejection.
      return runEval(all);
    }),
};

describe.each(Object.entries(callees))('%s', (callee, refused) => {
  it.each([
    [{ limits: { turns: -1 } }, '`limits.turns` is -1; give a number of 0 or more'],
    [{ limits: { costDollars: Number.NaN } }, '`limits.costDollars` is NaN'],
    [{ limits: { turns: '5' } }, "`limits.turns` is '5'"],
    [{ limits: { tokens: 5 } }, '`limits.tokens` does not exist'],
    [
      { limits: { wallclockMs: 5 } },
      '`limits.wallclockMs` does not exist, did you mean `limits.wallClockMs`?',
    ],
    [{ deadlines: { gradeMs: 0 } }, '`deadlines.gradeMs` is 0; give a number of milliseconds above 0'],
    [{ deadlines: { stopMs: -1 } }, '`deadlines.stopMs` is -1; give a number of milliseconds of 0 or more'],
    [{ deadlines: { gradeMS: 5 } }, '`deadlines.gradeMS` does not exist, did you mean `deadlines.gradeMs`?'],
    [{ deadlines: { solveMs: null } }, '`deadlines.solveMs` does not exist'],
    [
      { computers: { netwrok: 'cut' } },
      '`computers.netwrok` does not exist, did you mean `computers.network`?',
    ],
    [{ limit: { turns: 5 } }, '`limit` does not exist, did you mean `limits`?'],
    [{ usertool: false }, '`usertool` does not exist, did you mean `userTool`?'],
  ])('refuses %j before anything is started', async (options, message) => {
    const told = await refused(options);
    expect(told).toContain(`${callee} cannot work with these options: `);
    expect(told).toContain(message);
  });

  it('names everything that is wrong', async () => {
    expect(await refused({ limits: { turns: -1 }, deadlines: { gradeMs: 0 }, xyzzy: 1 })).toBe(
      `${callee} cannot work with these options: \`xyzzy\` does not exist; \`limits.turns\` is -1; give a number of 0 or more; \`deadlines.gradeMs\` is 0; give a number of milliseconds above 0.`,
    );
  });
});

describe('runEval', () => {
  it.each([
    [{ concurency: 3 }, '`concurency` does not exist, did you mean `concurrency`?'],
    [{ concurrency: { task: 3 } }, '`concurrency.task` does not exist, did you mean `concurrency.tasks`?'],
    [{ retries: { grading: 3 } }, '`retries.grading` does not exist, did you mean `retries.gradings`?'],
  ])('refuses %j at once', (options, message) => {
    const all = { dataset, agent: fakeSolver, runtime: fakeBenchmarkRuntime(), ...options } as EvalOptions;
    expect(() => runEval(all)).toThrow(message);
  });

  it.each([
    ['3', "`concurrency` is '3'; give a number of tasks, or an object of bounds"],
    [null, '`concurrency` is null'],
    [[3], '`concurrency` is [ 3 ]'],
    [{ task: 3 }, 'task` does not exist, did you mean `'],
    [{ tasks: '3' }, 'tasks`: Invalid input'],
    [{ tasks: 0 }, 'tasks`: Too small'],
    [2.5, 'tasks`: Invalid input'],
  ])('refuses %j for its concurrency, and for a change of it', async (given: unknown, message) => {
    const concurrency = given as number;
    const options = { dataset, agent: fakeSolver, runtime: fakeBenchmarkRuntime() };
    expect(() => runEval({ ...options, concurrency })).toThrow(message);
    const run = runEval({ ...options, concurrency: 2 });
    expect(() => run.setConcurrency(concurrency)).toThrow(ConfigurationError);
    expect(() => run.setConcurrency(concurrency)).toThrow(message);
    expect(run.plan.concurrency).toMatchObject({ tasks: 2, starts: Infinity });
    await run;
  });

  it('takes a number for a change of concurrency, and keeps what a change leaves out', async () => {
    const options = { dataset, agent: fakeSolver, runtime: fakeBenchmarkRuntime() };
    const run = runEval({ ...options, concurrency: { tasks: 2, starts: 5 } });
    run.setConcurrency(3);
    expect(run.plan.concurrency).toMatchObject({ tasks: 3, starts: 5 });
    const change: object = { tasks: undefined, grading: 1 };
    run.setConcurrency(change);
    expect(run.plan.concurrency).toMatchObject({ tasks: 3, starts: 5, grading: 1 });
    await run;
  });

  it.each([
    [{}, '`labels` is {}; give the map that `readTaskLabels` reads'],
    [null, '`labels` is null'],
    [new Map([[1, { kind: 'a' }]]), '`labels` has 1 for a task id'],
    [new Map([['1_1', 'a']]), "`labels` has 'a' for task 1_1; give an object of texts"],
    [new Map([['1_1', { kind: 3 }]]), '`labels` has 3 for the kind of task 1_1; give a text'],
  ])('refuses labels that are none, as all do who take them (%#)', async (given: unknown, message) => {
    const labels = given as TaskLabels;
    const runtime = fakeBenchmarkRuntime();
    expect(() => runEval({ dataset, agent: fakeSolver, runtime, labels })).toThrow(message);
    expect(() => runSummary([], { labels })).toThrow(message);
    const all = { dataset, runtime, labels };
    await expect(gradeRun('nowhere', all)).rejects.toThrow(message);
    await expect(rescoreRun('nowhere', { ...all, into: 'nowhere' })).rejects.toThrow(message);
    await expect(writeReport('nowhere', { labels })).rejects.toThrow(message);
    await expect(writeInspectLog('nowhere', 'nowhere.eval', { labels })).rejects.toThrow(message);
  });
});

it('takes options that are undefined, limits of nothing and deadlines without end', async () => {
  const more = { nobody: undefined };
  const result = await runTask({
    task,
    agent: async (context) => {
      // A timer that overflows fires at once.
      await new Promise((resolve) => setTimeout(resolve, 20));
      return await fakeSolver.solve(context);
    },
    runtime: fakeBenchmarkRuntime(),
    limits: { turns: 0, costDollars: Infinity, toolCalls: undefined, wallClockMs: 10 ** 12 },
    deadlines: { gradeMs: Infinity, prepareMs: 10 ** 12, stopMs: 0 },
    ...more,
  });
  expect(result).toMatchObject({ status: 'scored', earned: 100 });
  expect(result.endedByLimit).toBeUndefined();
});

it('refuses to grade with an option that does not exist', async () => {
  const told = await refusal(
    (runtime) => runtime && gradeTask({ task, runtime, patch: 'fixed', ...{ agentname: 'me' } }),
  );
  expect(told).toContain('`agentname` does not exist, did you mean `agentName`?');
});
