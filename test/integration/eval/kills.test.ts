import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ResultRecord, runEval, StoredRun } from '../../../src/index.js';
import { fakeBenchmarkRuntime, fakeSolver, fakeTasks } from '../../fixtures/fake-benchmark.js';

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

function essence(records: readonly ResultRecord[]) {
  return records.map(({ taskId, epoch, status, earned, usage }) => ({
    taskId,
    epoch,
    status,
    earned,
    usage,
  }));
}

describe('an evaluation that is killed', () => {
  it(`${kills} times at random moments comes to the same results and does nothing twice`, async () => {
    const undisturbed = await runEval({
      dataset: fakeTasks(tasks),
      agent: fakeSolver,
      runtime: fakeBenchmarkRuntime(),
    });
    let killed = 0;
    for (let round = 0; killed < kills; round++) {
      const store = join(work, `run-${round}`);
      const log = join(work, `log-${round}`);
      let ended = false;
      while (!ended) {
        const live = killed < kills ? String(1 + Math.floor(Math.random() * 900)) : 'Infinity';
        const { status, signal, stderr } = spawnSync(
          process.execPath,
          [program, store, String(tasks), log, live],
          {
            encoding: 'utf8',
            timeout: 60_000,
          },
        );
        ended = status === 0;
        if (!ended && signal !== 'SIGKILL')
          throw new Error(`The run ended with ${String(status)}: ${stderr}`);
        if (signal === 'SIGKILL') killed++;
      }
      const run = await StoredRun.open(store);
      expect(essence(await run.records())).toEqual(essence(undisturbed.records));
      await expectNothingTwice(run, readFileSync(log, 'utf8').trim().split('\n'));
    }
  }, 900_000);
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
  const finals: string[] = [];
  for await (const { final, taskId } of run.attempts()) if (final) finals.push(taskId);
  expect(finals).toHaveLength(new Set(finals).size);
  const journal = readFileSync(run.folder.journal, 'utf8');
  for (const { id } of run.description.dataset.tasks) {
    const collected = journal
      .split('\n')
      .filter((line) => line.includes(`"attempt.collected"`) && line.includes(`"${id}"`));
    expect(collected, `work of ${id} was kept more than once`).toHaveLength(1);
  }
}
