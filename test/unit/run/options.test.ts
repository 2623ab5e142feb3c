import { describe, expect, it } from 'vitest';
import {
  ConfigurationError,
  gradeTask,
  runEval,
  runTask,
  type EvalOptions,
  type RunTaskOptions,
} from '../../../src/index.js';
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

  it('refuses a change of concurrency that it does not know', async () => {
    const run = runEval({ dataset, agent: fakeSolver, runtime: fakeBenchmarkRuntime() });
    expect(() => run.setConcurrency({ task: 3 } as object)).toThrow(
      /`task` does not exist, did you mean `tasks`/,
    );
    await run;
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
