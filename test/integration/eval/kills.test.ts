import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JournalRecord, runSummary, StoredRun } from '../../../src/index.js';
import { fakeTasks } from '../../fixtures/fake-benchmark.js';

const tasks = 40;
const kills = 200;
const work = mkdtempSync(join(tmpdir(), 'swelancer-kills-'));
const program = join(work, 'eval-process.mjs');

beforeAll(async () => {
  // Bundled once: loading the sources anew would take most of the time of each of the processes.
  await build({
    entryPoints: [resolve('test/fixtures/eval-process.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: "import { createRequire as r } from 'node:module'; const require = r(import.meta.url);" },
  });
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/**
 * All that a run has come to, patches and logs included. Left out is what must differ: when things were and how long they
 * took, the run's and its computers' ids, on which attempt, after how many deaths, the result came, and which computers
 * that attempt set up: one that only grades has none for an agent.
 */
async function whole(run: StoredRun): Promise<unknown> {
  const records = await run.records();
  const results = await Promise.all(records.map((record) => run.result(record)));
  const { runId, createdAt, ...description } = run.description;
  expect([runId, createdAt]).not.toContain(undefined);
  // What attempts that died have cost, and how long samples took, differs; no other figure does.
  const { cost, durations, flakes, ...summary } = runSummary(records, { tasks: fakeTasks(tasks) });
  expect([cost, durations, flakes]).not.toContain(undefined);
  return comparable({ description, records, results, summary });
}

const different = new Set([
  'runId',
  'startedAt',
  'durationMs',
  'phases',
  'computerId',
  'attempt',
  'workOf',
  'setup',
]);

function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !different.has(name))
      .map(([name, inner]) => [name, comparable(inner)]),
  );
}

/**
 * After how many events, calls to the file system or milliseconds a process dies. One of them, at random, but for the first
 * few, which die before there is a store.
 */
function deathOf(
  killed: number,
  lifetimeMs: number,
): readonly [events: string, fileCalls: string, milliseconds: number] {
  if (killed < 3) return ['Infinity', String(killed + 1), 60_000];
  const upTo = (most: number) => 1 + Math.floor(Math.random() * most);
  const kind = Math.random();
  if (kind < 0.6) return [String(upTo(900)), 'Infinity', 60_000];
  // Those of opening the store, from the first folder to the first record, and a few of the first attempts.
  if (kind < 0.85) return ['Infinity', String(upTo(60)), 60_000];
  return ['Infinity', 'Infinity', upTo(lifetimeMs)];
}

describe('an evaluation that is killed', () => {
  it(`${kills} times at random moments, the first ones included, comes to the same results and does nothing twice`, async () => {
    const live = (store: string, log: string, [events, fileCalls, timeout]: ReturnType<typeof deathOf>) =>
      spawnSync(process.execPath, [program, store, String(tasks), log, events, fileCalls], {
        encoding: 'utf8',
        timeout,
        killSignal: 'SIGKILL',
      });
    const whole40 = join(work, 'undisturbed');
    const before = performance.now();
    const never = ['Infinity', 'Infinity', 60_000] as const;
    expect(live(whole40, join(work, 'log'), never).status).toBe(0);
    const lifetimeMs = performance.now() - before;
    const undisturbed = await StoredRun.open(whole40);
    const expected = await whole(undisturbed);
    expect(await undisturbed.records()).toMatchObject(
      Array.from({ length: tasks }, () => ({ status: 'scored' })),
    );

    let killed = 0;
    let withoutStore = 0;
    for (let round = 0; killed < kills; round++) {
      const store = join(work, `run-${round}`);
      const log = join(work, `log-${round}`);
      let ended = false;
      while (!ended) {
        const { status, signal, stderr } = live(
          store,
          log,
          killed < kills ? deathOf(killed, lifetimeMs) : never,
        );
        ended = status === 0;
        if (!ended && signal !== 'SIGKILL')
          throw new Error(`The run ended with ${String(status)}: ${stderr}`);
        if (signal !== 'SIGKILL') continue;
        killed++;
        if (!existsSync(join(store, 'run.json'))) withoutStore++;
      }
      const run = await StoredRun.open(store);
      expect(await whole(run)).toEqual(expected);
      expect(readdirSync(store).filter((name) => /\.part$|lock/.test(name))).toEqual([]);
      await expectNothingTwice(run, readFileSync(log, 'utf8').trim().split('\n'));
    }
    expect(withoutStore, 'kills before there was a store').toBeGreaterThan(0);
  }, 900_000);

  it('by one of its samples, again and again, ends that sample with an error and all others as ever', async () => {
    const store = join(work, 'deadly');
    const log = join(work, 'deadly-log');
    const args = [program, store, '3', log, 'Infinity', 'Infinity', '1_1'];
    let deaths = 0;
    const live = () => spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
    let last = live();
    for (; last.signal === 'SIGKILL' && deaths < 30; last = live()) deaths++;
    expect(last.status, last.stderr).toBe(0);
    const run = await StoredRun.open(store);
    const records = await run.records();
    expect(records.find(({ taskId }) => taskId === '1_1')).toMatchObject({
      status: 'error',
      error: { code: 'process_died', message: expect.stringMatching(/died 10 times in a row.*rerunErrors/) },
    });
    expect(deaths).toBeGreaterThanOrEqual(10);
    expect(deaths).toBeLessThan(14);
    expect(records).toHaveLength(3);
    expect(runSummary(records, { tasks: fakeTasks(3) }).overall).toMatchObject({ samples: 3, errors: 1 });
  }, 60_000);
});

/** No agent works on a sample that has a result, and none on one whose work was kept. */
async function expectNothingTwice(run: StoredRun, log: readonly string[]): Promise<void> {
  const finished = new Set<string>();
  const again: string[] = [];
  for (const line of log) {
    const [what, taskId = ''] = line.split(' ');
    if (what === 'result') finished.add(taskId);
    else if (finished.has(taskId)) again.push(taskId);
  }
  expect(again).toEqual([]);
  const kept = new Map<string, number>();
  const final = new Set<string>();
  const journal = readFileSync(run.folder.journal, 'utf8').trim().split('\n');
  for (const line of journal) {
    const { record } = JSON.parse(line) as { record: JournalRecord };
    if (!('taskId' in record)) continue;
    expect(final, `${record.type} of ${record.taskId} after its result`).not.toContain(record.taskId);
    if (record.type === 'attempt.collected') {
      expect(kept, `work of ${record.taskId} was kept more than once`).not.toContain(record.taskId);
      kept.set(record.taskId, record.attempt);
    }
    if (record.type === 'attempt.finished' && record.final) final.add(record.taskId);
  }
  expect([...kept.keys()].sort()).toEqual(run.description.dataset.tasks.map(({ id }) => id).sort());
  const worked = log
    .map((line) => line.split(' '))
    .filter(([what, taskId = '', attempt]) => what === 'solve' && Number(attempt) > (kept.get(taskId) ?? 0));
  expect(worked, 'agents that worked after work was kept').toEqual([]);
}
