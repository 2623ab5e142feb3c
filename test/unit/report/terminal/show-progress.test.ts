import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import xterm from '@xterm/headless';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runAblation, runEval } from '../../../../src/index.js';
import { showProgress } from '../../../../src/report/terminal/index.js';
import { fakeBenchmarkRuntime, fakeSolver, fakeTasks, lost } from '../../../fixtures/fake-benchmark.js';
import { isMissing } from '../../../fixtures/system-need.js';

afterEach(() => {
  vi.useRealTimers();
});

/** A stream that says it is a terminal, and the screen such a terminal shows. */
function terminal(columns: number, rows: number) {
  const screen = new xterm.Terminal({ cols: columns, rows, convertEol: true, allowProposedApi: true });
  const stream = Object.assign(new PassThrough({ highWaterMark: 1 << 20 }), {
    isTTY: true,
    columns,
    rows,
    hasColors: () => false,
  });
  const lines = async () => {
    const text = String(stream.read() ?? '');
    await new Promise<void>((resolve) => screen.write(text, resolve));
    const buffer = screen.buffer.active;
    return Array.from(
      { length: buffer.length },
      (_, row) => buffer.getLine(row)?.translateToString(true) ?? '',
    ).filter((line) => line !== '');
  };
  return { stream, lines };
}

/** An agent that waits to be let go on, in the order of its tasks. */
function gatedAgent() {
  const waiting: (() => void)[] = [];
  return {
    waiting,
    agent: async (context: Parameters<typeof fakeSolver.solve>[0]) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return await fakeSolver.solve(context);
    },
  };
}

function watchedRun(count: number, concurrency: number) {
  const { waiting, agent } = gatedAgent();
  const run = runEval({
    dataset: fakeTasks(count),
    agent: { name: 'gated', solve: agent },
    runtime: fakeBenchmarkRuntime(),
    concurrency,
  });
  const until = async (condition: () => boolean) => {
    while (!condition()) await turn();
  };
  return { run, waiting, until };
}

/** A run that rejects, since its folder is locked. */
function failingRun() {
  const store = mkdtempSync(join(tmpdir(), 'swelancer-failing-'));
  writeFileSync(join(store, 'lock'), 'x');
  const run = runEval({ dataset: fakeTasks(2), agent: fakeSolver, runtime: fakeBenchmarkRuntime(), store });
  return { run, folder: { [Symbol.dispose]: () => rmSync(store, { recursive: true }) } };
}

describe('showProgress in a terminal', () => {
  it('draws over its lines while they grow and shrink, and leaves the last picture', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    const { stream, lines } = terminal(100, 20);
    const { run, waiting, until } = watchedRun(6, 3);
    const progress = showProgress(run, { stream, style: 'live', intervalMs: 1000 });
    await until(() => waiting.length === 3);
    vi.advanceTimersByTime(61_000);
    expect(await lines()).toEqual([
      '░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  0 of 6 done (0%), 3 running',
      '$0 earned · of $0 tried · of $2,100 in all · 1:01 elapsed',
      expect.stringMatching(/^ {2}1:01 {2}solve {2}0_1 {2}\$100/),
      expect.stringMatching(/^ {2}1:01 {2}solve {2}1_1 {2}\$200/),
      expect.stringMatching(/^ {2}1:01 {2}solve {2}2_1 {2}\$300/),
    ]);
    run.pause();
    for (const letGo of waiting.splice(0, 2)) letGo();
    await until(() => run.inFlight().length === 1);
    vi.advanceTimersByTime(1000);
    expect(await lines()).toEqual([
      '██████████░░░░░░░░░░░░░░░░░░░░  2 of 6 done (33%), 1 running  paused',
      expect.stringMatching(/^\$300 earned · of \$300 tried · of \$2,100 in all · 2 of 2 passed \(100%\)/),
      expect.stringMatching(/^ {2}1:02 {2}solve {2}2_1 {2}\$300/),
    ]);
    run.resume();
    const letAllGo = setImmediateLoop(() => waiting.splice(0).forEach((letGo) => letGo()));
    await run;
    letAllGo();
    progress[Symbol.dispose]();
    expect((await lines())[0]).toBe('██████████████████████████████  6 of 6 done (100%)  completed');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer and no listener, whether or not the run is over', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { stream } = terminal(80, 20);
    const listeners = () => stream.eventNames().reduce((sum, name) => sum + stream.listenerCount(name), 0);
    const before = listeners();
    const { run, waiting, until } = watchedRun(2, 2);
    const progress = showProgress(run, { stream, style: 'live' });
    expect(listeners()).toBeGreaterThan(before);
    progress[Symbol.dispose]();
    progress[Symbol.dispose]();
    await turn();
    await turn();
    expect(vi.getTimerCount()).toBe(0);
    expect(listeners()).toBe(before);
    await until(() => waiting.length === 2);
    for (const letGo of waiting) letGo();
    await run;
  });
});

describe('showProgress elsewhere', () => {
  it('prints a line for each result and fault, a status line now and then, and a last one', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const stream = new PassThrough();
    let faults = 1;
    const run = runEval({
      dataset: fakeTasks(4),
      agent: fakeSolver,
      runtime: fakeBenchmarkRuntime({
        on: ({ label, taskId }) => {
          if (taskId === '1_1' && label === 'end-to-end tests' && faults-- > 0) return lost();
          return taskId === '2_1' && label === 'start' ? new Error('no \u001b[31mroom') : undefined;
        },
      }),
      retries: { waitMs: 1, maxWaitMs: 1 },
      concurrency: 4,
    });
    {
      using progress = showProgress(run, { stream });
      vi.advanceTimersByTime(29_000);
      expect(stream.read()).toBeNull();
      vi.advanceTimersByTime(2000);
      await run;
    }
    const lines = String(stream.read()).trimEnd().split('\n');
    expect(lines[0]).toMatch(/^running: 0 of 4 done/);
    expect(lines.at(-1)).toMatch(
      /^completed: 4 of 4 done · \$700 earned · of \$1,000 tried · of \$1,000 in all · 3 of 3 passed \(100%\) · 1 error · cost \$0\.03 · /,
    );
    const between = lines.slice(1, -1).map((line) => line.replace(/^\[\d/, '[N').replace(/, \d:\d\d/, ', T'));
    expect(between.sort()).toEqual([
      '! 1_1: computer_lost in grade, grading again in 0:00: The link broke.',
      '! 2_1: unexpected: no ␛[31mroom',
      '[N/4] 0_1 passed: $100 of $100, T, cost $0.01',
      '[N/4] 1_1 passed: $200 of $200, T, cost $0.01',
      expect.stringMatching(/^\[N\/4\] 2_1 error: \$0 of \$300, T/),
      '[N/4] 3-manager-0 correct: $400 of $400, T, cost $0.01',
    ]);
    expect(lines.slice(1, -1).flatMap((line) => /^\[(\d)/.exec(line)?.[1] ?? [])).toEqual([
      '1',
      '2',
      '3',
      '4',
    ]);
  });

  it('says nothing more when it was disposed of while the run goes on', async () => {
    const stream = new PassThrough();
    const { run, waiting, until } = watchedRun(2, 2);
    const progress = showProgress(run, { stream });
    await until(() => waiting.length === 2);
    progress[Symbol.dispose]();
    for (const letGo of waiting) letGo();
    await run;
    expect(String(stream.read())).toMatch(/^running: 0 of 2 done, 2 running · .*\n$/);
  });

  it('loses no line of results that come all at once', async () => {
    const stream = new PassThrough();
    const { run, waiting, until } = watchedRun(40, 40);
    {
      using progress = showProgress(run, { stream });
      await until(() => waiting.length === 40);
      for (const letGo of waiting.splice(0)) letGo();
      await run;
    }
    expect(String(stream.read()).match(/^\[\d+\/40\]/gm)).toHaveLength(40);
  });

  it.each(['live', 'lines'] as const)('ends by itself when a run fails, and says why (%s)', async (style) => {
    const { run, folder } = failingRun();
    using _folder = folder;
    const stream = new PassThrough();
    const before = stream.listenerCount('error');
    const progress = showProgress(run, { stream, style });
    expect(stream.listenerCount('error')).toBeGreaterThan(before);
    await expect(run).rejects.toThrow('is no lock that can be read');
    while (stream.listenerCount('error') > before) await turn();
    const shown = String(stream.read());
    expect(shown).toMatch(style === 'live' ? /0 of 2 done \(0%\) {2}failed/ : /^failed: 0 of 2 done · /m);
    expect(shown.match(/! the run failed: .*is no lock/g)).toHaveLength(1);
    progress[Symbol.dispose]();
    expect(stream.read()).toBeNull();
  });

  it('says that a run failed also where it is disposed of at once', async () => {
    const { run, folder } = failingRun();
    using _folder = folder;
    const stream = new PassThrough();
    const watched = async () => {
      using _progress = showProgress(run, { stream });
      await run;
    };
    await expect(watched()).rejects.toThrow('is no lock that can be read');
    const lines = String(stream.read()).trimEnd().split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/^! the run failed: .*is no lock/),
      expect.stringMatching(/^failed: 0 of 2 done · /),
    ]);
  });

  it('says that a cell of an ablation failed', async () => {
    const store = mkdtempSync(join(tmpdir(), 'swelancer-failing-'));
    using _folder = { [Symbol.dispose]: () => rmSync(store, { recursive: true }) };
    writeFileSync(join(store, 'one'), 'a file where the folder of the cell has to be');
    const stream = new PassThrough();
    const ablation = runAblation({
      base: { dataset: fakeTasks(2), agent: fakeSolver, runtime: fakeBenchmarkRuntime() },
      variants: { one: {}, two: {} },
      store,
      onCell: (run) => showProgress(run, { stream }),
    });
    await expect(ablation).rejects.toMatchObject({ code: 'store', problem: 'unwritable' });
    const shown = String(stream.read());
    expect(shown).toMatch(/^! the run failed: .*a file is where a folder has to be/);
    expect(shown).toMatch(/\nfailed: 0 of 2 done · .*\n$/);
  });

  it('changes nothing of a run when its stream throws or fails', async () => {
    const throwing = Object.assign(new PassThrough(), {
      write: () => {
        throw new Error('closed');
      },
    });
    const failing = new PassThrough({ transform: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
    for (const stream of [throwing, failing]) {
      for (const style of ['live', 'lines'] as const) {
        const run = runEval({ dataset: fakeTasks(2), agent: fakeSolver, runtime: fakeBenchmarkRuntime() });
        using progress = showProgress(run, { stream, style });
        expect((await run).summary.overall.earned).toBe(300);
      }
    }
    await turn();
  });
});

const script = '/usr/bin/script';

describe.skipIf(isMissing(!existsSync(script), 'Install bsdutils.'))(
  'showProgress in a pseudo-terminal',
  () => {
    it('draws live, in colours, and never hides the cursor', async () => {
      const program = fileURLToPath(new URL('../../../fixtures/watched-run.ts', import.meta.url));
      const { stdout } = await promisify(execFile)(
        script,
        ['-qec', `stty cols 90 rows 12; exec node --import tsx ${program}`, '/dev/null'],
        {
          env: { ...process.env, CI: '', TERM: 'xterm-256color', FORCE_COLOR: '1', NODE_OPTIONS: '' },
          timeout: 60_000,
        },
      );
      const screen = new xterm.Terminal({ cols: 90, rows: 12, allowProposedApi: true });
      await new Promise<void>((resolve) => screen.write(stdout, resolve));
      const shown = Array.from({ length: 12 }, (_line, row) =>
        screen.buffer.active.getLine(row)?.translateToString(true),
      );
      expect(shown[0]).toMatch(/^█+ {2}3 of 3 done \(100%\) {2}completed$/);
      expect(shown[1]).toMatch(/^\$600 earned · /);
      expect(shown.slice(2).join('\n')).toMatch(/after the run\s*$/);
      expect(stdout).toContain('\u001b[32m$600 earned');
      expect(stdout).not.toContain('\u001b[?25l');
    });
  },
);

function setImmediateLoop(work: () => void): () => void {
  let next = setImmediate(function again() {
    work();
    next = setImmediate(again);
  });
  return () => clearImmediate(next);
}
