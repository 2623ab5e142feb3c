import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  ablationTable,
  type Agent,
  type AgentContext,
  ConfigurationError,
  type EvalPlan,
  runAblation,
  StoreError,
} from '../../../src/index.js';
import { ablationMarkdown } from '../../../src/report/index.js';
import {
  fakeBenchmarkRuntime,
  fakeSolver,
  fakeTasks,
  withStubbornSnapshots,
} from '../../fixtures/fake-benchmark.js';

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'swelancer-ablation-'));
  folders.push(folder);
  return folder;
}

/** Solves what `may` lets it, and counts what it was asked. */
function choosyAgent(may: (context: AgentContext) => boolean, name = 'choosy'): Agent & { asked: number } {
  const agent = {
    name,
    asked: 0,
    solve: async (context: AgentContext) => {
      agent.asked++;
      return may(context)
        ? await fakeSolver.solve(context)
        : { usage: { inputTokens: 50, costDollars: 0.005 } };
    },
  };
  return agent;
}

/** IC tasks only with the user tool. */
const toolUser = () =>
  choosyAgent(({ answerFile, userTool }) => answerFile !== undefined || userTool !== undefined);
const idle = () => choosyAgent(() => false, 'idle');
const base = () => ({ dataset: fakeTasks(8), runtime: fakeBenchmarkRuntime(), agent: toolUser() });

describe('runAblation', () => {
  it('runs each level once beside the baseline and compares it with the baseline task by task', async () => {
    const result = await runAblation({
      base: base(),
      factors: { userTool: [true, false], agent: { able: toolUser(), idle: idle() } },
    });
    expect(result).toMatchObject({ status: 'completed', factors: ['userTool', 'agent'], missing: [] });
    expect(result.cells.map(({ name, factors }) => ({ name, ...factors }))).toEqual([
      { name: 'userTool on, agent able', userTool: 'on', agent: 'able' },
      { name: 'userTool off, agent able', userTool: 'off', agent: 'able' },
      { name: 'userTool on, agent idle', userTool: 'on', agent: 'idle' },
    ]);
    expect(ablationTable(result)).toMatchObject([
      {
        tasks: 8,
        passRate: 1,
        earned: 3600,
        earnRate: 1,
        difference: undefined,
        pValue: undefined,
        tokens: 880,
      },
      {
        tasks: 8,
        passRate: 0.25,
        earned: 1200,
        difference: -0.75,
        pValue: expect.closeTo(1 / 32),
        cost: 0.05,
      },
      { tasks: 8, passRate: 0, earned: 0, difference: -1, tokens: 400, cost: 0.04 },
    ]);
    expect(result.cells[1]?.comparison?.lost).toEqual(['0_1', '1_1', '2_1', '4_1', '5_1', '6_1']);
  });

  it('runs every combination when asked to, the last factor changing fastest', async () => {
    const networks: string[] = [];
    const runtime = fakeBenchmarkRuntime();
    const result = await runAblation({
      base: { ...base(), runtime, dataset: fakeTasks(1), computers: { images: { prefix: 'kept' } } },
      factors: { userTool: [true, false], limits: { short: { turns: 5 }, long: { turns: 50 } } },
      design: 'full',
      onCell: (_, name) => void networks.push(name),
    });
    const names = [
      'userTool on, limits short',
      'userTool on, limits long',
      'userTool off, limits short',
      'userTool off, limits long',
    ];
    expect(result.cells.map(({ name }) => name)).toEqual(names);
    expect(networks).toEqual(names);
    expect(result.cells.map(({ summary }) => summary.overall.earned)).toEqual([100, 100, 0, 0]);
  });

  it('goes on with its folders: what is done is not done again, and another ablation is refused', async () => {
    const store = await newFolder();
    const agent = toolUser();
    const options = { base: { ...base(), agent }, factors: { userTool: [true, false] }, store };
    const first = await runAblation(options);
    expect(agent.asked).toBe(16);
    expect((await readdir(store)).sort()).toEqual(['userTool-off', 'userTool-on']);
    const second = await runAblation(options);
    expect(agent.asked).toBe(16);
    expect(ablationTable(second)).toEqual(ablationTable(first));
    const other = { ...options, factors: { userTool: [true], limits: { short: { turns: 5 } } } };
    await runAblation(other);
    const renamed = { base: options.base, variants: { 'userTool on': { userTool: false } }, store };
    await expect(runAblation(renamed)).rejects.toThrow(StoreError);
  });

  it('stops at a cell that is cancelled, names those that are missing, and finishes later', async () => {
    const store = await newFolder();
    const cancelling = (run: { cancel: () => void }, name: string) => {
      if (name === 'b') run.cancel();
    };
    const variants = { a: {}, b: { userTool: false }, c: { agent: idle() } };
    const options = { base: base(), variants, store };
    const cut = await runAblation({ ...options, onCell: cancelling });
    expect(cut).toMatchObject({ status: 'cancelled', missing: ['c'] });
    expect(cut.cells.map(({ name, status }) => `${name} ${status}`)).toEqual(['a completed', 'b cancelled']);
    expect(ablationMarkdown(cut)).toContain('| b (cancelled) |');
    expect(ablationMarkdown(cut)).toContain('1 cell not run: c.');
    const whole = await runAblation(options);
    expect(whole).toMatchObject({ status: 'completed', missing: [] });
    expect(whole.cells.map(({ summary }) => summary.overall.earned)).toEqual([3600, 1200, 0]);
  });

  it('tells once, when all cells are over, which set-ups could not be removed', async () => {
    const told: string[] = [];
    let running = 0;
    const { status } = await runAblation({
      base: {
        ...base(),
        runtime: withStubbornSnapshots(fakeBenchmarkRuntime()),
        events: (event) => {
          if (event.type === 'run.started') running++;
          if (event.type === 'run.finished') running--;
          if (event.type === 'diagnostic') told.push(`${event.message} (${running} runs)`);
        },
      },
      factors: { userTool: [true, false] },
      keepSetups: 2,
    });
    expect(status).toBe('completed');
    expect(told).toEqual([
      'Snapshots of set-ups could not be removed, and are still on the machine: The engine is busy. (0 runs)',
    ]);
  });

  it('begins no cell when it was cancelled before', async () => {
    const options = { ...base(), signal: AbortSignal.abort() };
    const result = await runAblation({ base: options, variants: { a: {}, b: {} } });
    expect(result).toMatchObject({ status: 'cancelled', cells: [], missing: ['a', 'b'] });
    expect(options.agent.asked).toBe(0);
  });

  it('checks every cell before the first begins', async () => {
    const given = base();
    const bad: readonly Parameters<typeof runAblation>[0][] = [
      { base: given },
      { base: given, factors: {} },
      { base: given, factors: { userTool: [] } },
      { base: given, factors: { userTool: [true] }, variants: { a: {} } },
      { base: given, variants: { 'a b': {}, 'A/b': {} } },
      { base: given, variants: { '..': {} } },
      { base: given, variants: { a: {}, b: { epochs: 0 } } },
    ];
    for (const options of bad) await expect(runAblation(options)).rejects.toThrow(ConfigurationError);
    expect(given.agent.asked).toBe(0);
  });

  it('refuses a factor that does not exist beside one that does, and names those that do', async () => {
    // As a caller without types may write it.
    const factors = { userTool: [true, false], atempts: [1, 3] } as object;
    const asked = runAblation({ base: base(), factors });
    await expect(asked).rejects.toThrow(ConfigurationError);
    await expect(asked).rejects.toThrow(
      /`factors\.atempts` does not exist, did you mean `factors\.attempts`\?; the factors are `userTool`, `network`, .*`other`/,
    );
  });

  it('refuses names that would lose their place, so that the first level stays the baseline', async () => {
    const numbers = { '50': { limits: { turns: 50 } }, '10': { limits: { turns: 10 } } };
    const turns = { '50': { turns: 50 }, '10': { turns: 10 } };
    const other = { turns: { '50': { limits: { turns: 50 } } } };
    for (const options of [{ variants: numbers }, { factors: { limits: turns } }, { factors: { other } }]) {
      const asked = runAblation({ base: base(), ...options });
      await expect(asked).rejects.toThrow(ConfigurationError);
      await expect(asked).rejects.toThrow(/has the name "50", .* the baseline could be another/);
    }
    const named = { 'turns 50': { turns: 50 }, '010': { turns: 10 } };
    const { cells } = await runAblation({ base: base(), factors: { limits: named } });
    expect(cells.map(({ factors }) => factors['limits'])).toEqual(['turns 50', '010']);
  });

  it('adds what a cell says in groups to what the base says', async () => {
    const plans: EvalPlan[] = [];
    await runAblation({
      base: {
        ...base(),
        retries: { attempts: 7, waitMs: 1 },
        concurrency: { tasks: 3, starts: 2 },
      },
      variants: {
        baseline: {},
        changed: { retries: { gradings: 1 }, concurrency: 5 },
      },
      onCell: ({ plan }) => void plans.push(plan),
    });
    expect(plans).toMatchObject([
      { retries: { attempts: 7, waitMs: 1 }, concurrency: { tasks: 3, starts: 2 } },
      { retries: { attempts: 7, waitMs: 1, gradings: 1 }, concurrency: { tasks: 5, starts: 2 } },
    ]);
    // What the base says is still there, to be refused.
    await expect(
      runAblation({
        base: { ...base(), deadlines: { startMs: -1 } },
        variants: { only: { deadlines: { stopMs: 2_222 } } },
      }),
    ).rejects.toThrow(/deadlines\.startMs/);
  });

  it('disposes of what watches a cell when the cell is over, also when it failed', async () => {
    const told: string[] = [];
    const store = await newFolder();
    const onCell = (_: unknown, name: string) => {
      told.push(`begin ${name}`);
      return { [Symbol.dispose]: () => void told.push(`end ${name}`) };
    };
    const options = { base: { ...base(), dataset: fakeTasks(1) }, store, onCell };
    await runAblation({ ...options, variants: { a: {}, b: {} } });
    expect(told).toEqual(['begin a', 'end a', 'begin b', 'end b']);
    await expect(runAblation({ ...options, variants: { a: { epochs: 2 } } })).rejects.toThrow(StoreError);
    expect(told.slice(4)).toEqual(['begin a', 'end a']);
  });

  it('has columns for each number of attempts: the chance that one passes, and what those tasks pay', async () => {
    // Asked about a task once, twice and three times: it solves those of more than $100 at the second time.
    const asked = new Map<string, number>();
    const second = choosyAgent(({ task }) => {
      const times = (asked.get(task.id) ?? 0) + 1;
      asked.set(task.id, times);
      return task.price > 100 && [3, 5].includes(times);
    });
    const result = await runAblation({
      base: { ...base(), agent: second, dataset: fakeTasks(3) },
      factors: { attempts: [1, 2, 3] },
    });
    expect(result.cells.map(({ name, summary }) => [name, summary.overall.samples])).toEqual([
      ['attempts 1', 3],
      ['attempts 2', 6],
      ['attempts 3', 9],
    ]);
    const [head = [], , ...rows] = ablationMarkdown(result)
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()));
    const columns = ['attempts', 'Pass at 2', 'Earned at 2', 'Pass at 3', 'Earned at 3', 'Earned'].map(
      (title) => head.indexOf(title),
    );
    expect(rows.slice(0, 3).map((row) => columns.map((column) => row[column]))).toEqual([
      ['1', '–', '–', '–', '–', '$0'],
      ['2', '66.7%', '$500', '–', '–', '$500'],
      ['3', '–', '–', '66.7%', '$500', '$500'],
    ]);
  });

  it('makes one table of it all', async () => {
    const result = await runAblation({
      base: { ...base(), epochs: 2 },
      factors: { userTool: [true, false] },
    });
    const timeless = ablationMarkdown(result).replaceAll(/\| \d[\d.]* m?s \|/g, '| TIME |');
    expect(timeless).toBe(
      [
        '| Cell | userTool | Tasks | Errors | Pass rate | 95% interval | Pass at 2 | Earned at 2 | Earned | Earn rate | Difference | 95% interval | p | Cost | Tokens | Median time |',
        `| --- |${' ---: |'.repeat(15)}`,
        '| userTool on | on | 8 | 0 | 100% | 67.6–100% | 100% | $3,600 | $7,200 | 100% | – | – | – | $0.16 | 1,760 | TIME |',
        '| userTool off | off | 8 | 0 | 25% | 0–62.5% | 25% | $1,200 | $2,400 | 33.3% | −75.0 points | −100.0 to −37.5 points | 0.031 | $0.10 | 1,040 | TIME |',
        '',
        'Differences in pass rate are to "userTool on", over the tasks both scored.',
        '',
      ].join('\n'),
    );
  });
});
