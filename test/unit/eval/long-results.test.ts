import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type AgentContext,
  type AttemptRecord,
  recordOf,
  runEval,
  StoredRun,
  StoreError,
  type TaskResult,
} from '../../../src/index.js';
import { fakeBenchmarkRuntime, fakeSolver, fakeTasks } from '../../fixtures/fake-benchmark.js';

const folders: string[] = [];
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'swelancer-long-'));
  folders.push(folder);
  return join(folder, 'run');
}
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

const runtime = fakeBenchmarkRuntime();

describe('an agent of many words', () => {
  const words = `first${'x'.repeat(8_000_000)}last`;
  const agent = {
    name: 'talker',
    solve: async (context: AgentContext) => ({
      ...(await fakeSolver.solve(context)),
      message: words,
      metadata: { notes: 'y'.repeat(1_000_000) },
    }),
  };

  it('has them whole in its result, and short in the journal, which is read again', async () => {
    const store = await newFolder();
    const options = { dataset: fakeTasks(1), agent, runtime, store, keepEvents: 'none' as const };
    const { records } = await runEval(options);
    const [record] = records;
    if (record === undefined) throw new Error('There is no record.');
    expect(record.message).toMatch(/^firstx+\n\[… 7990009 characters left out …\]\nx+last$/);
    expect(record.agentMetadata).toEqual({ leftOut: '1000012 characters of JSON' });
    expect((await stat(join(store, 'journal.jsonl'))).size).toBeLessThan(20_000);
    const stored = await StoredRun.open(store);
    expect((await stored.result(record)).message).toHaveLength(words.length);
    const again = await runEval(options);
    expect(again.found).toMatchObject({ finished: 1, damagedLines: 0 });
    expect(again.records).toEqual(records);
  });
});

describe('a record', () => {
  it('names the first files of a patch, and counts all of them', async () => {
    const results: TaskResult[] = [];
    for await (const result of runEval({ dataset: fakeTasks(1), agent: fakeSolver, runtime }))
      results.push(result);
    const [result] = results;
    if (result?.patch === undefined) throw new Error('There is no patch.');
    const files = Array.from({ length: 5_000 }, (_, index) => `file-${index}`);
    const record = recordOf({ ...result, patch: { ...result.patch, files } });
    expect(record.patch).toMatchObject({ files: files.slice(0, 1_000), filesLeftOut: 4_000 });
  });
});

describe('a reader that takes its time', () => {
  it('gets every result whole, from the folder', async () => {
    const store = await newFolder();
    const run = runEval({ dataset: fakeTasks(40), agent: fakeSolver, runtime, store, concurrency: 1 });
    const reader = run[Symbol.asyncIterator]();
    const { records } = await run;
    const stored = await StoredRun.open(store);
    const read: TaskResult[] = [];
    for (let next = await reader.next(); next.done !== true; next = await reader.next())
      read.push(next.value);
    expect(read.map(recordOf)).toEqual(expect.arrayContaining([...records]));
    expect(read).toEqual(await Promise.all(read.map((result) => stored.result(result))));
  });

  it('is told of a file that is damaged by then', async () => {
    const store = await newFolder();
    const run = runEval({ dataset: fakeTasks(40), agent: fakeSolver, runtime, store, concurrency: 1 });
    const reader = run[Symbol.asyncIterator]();
    await run;
    const stored = await StoredRun.open(store);
    let last: AttemptRecord | undefined;
    for await (const attempt of stored.attempts()) last = attempt;
    if (last === undefined) throw new Error('There is no attempt.');
    await writeFile(stored.folder.attempt(last).result, '{');
    for (let index = 1; index < 40; index++) expect((await reader.next()).done).toBe(false);
    await expect(reader.next()).rejects.toThrow(StoreError);
    expect((await reader.next()).done).toBe(true);
  });

  it('loses nothing without a folder either', async () => {
    const run = runEval({ dataset: fakeTasks(40), agent: fakeSolver, runtime });
    const reader = run[Symbol.asyncIterator]();
    await run;
    for (let index = 0; index < 40; index++) expect((await reader.next()).done).toBe(false);
    expect((await reader.next()).done).toBe(true);
  });
});
