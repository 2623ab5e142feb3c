import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CostSummary, StoredRun } from '../../../src/index.js';
import { readReportData, writeReport } from '../../../src/report/index.js';
import { writeInspectLog } from '../../../src/report/inspect/index.js';
import { bundleProgram, startProgram } from '../../fixtures/process-program.js';
import { zipMembers } from '../../fixtures/zip-members.js';

const work = mkdtempSync(join(tmpdir(), 'swelancer-spending-'));
const program = join(work, 'spending-process.mjs');
const store = join(work, 'run');

beforeAll(() => bundleProgram('test/fixtures/spending-process.ts', program));
afterAll(() => rmSync(work, { recursive: true, force: true }));

async function untilJournalHas(count: number, text: string): Promise<void> {
  const journal = join(store, 'journal.jsonl');
  while (!existsSync(journal) || readFileSync(journal, 'utf8').split(text).length <= count) await sleep(20);
}

/** What an Inspect log of the run says it is and was. */
async function loggedHeader(): Promise<{
  readonly results: { readonly metadata: { readonly swelancer: unknown } };
  readonly stats: { readonly model_usage: unknown };
}> {
  const file = join(work, 'log.eval');
  await writeInspectLog(store, file);
  const { members } = zipMembers(readFileSync(file));
  const text = members.find(({ name }) => name === 'header.json')?.text ?? '';
  // A type of what is looked at below.
  return JSON.parse(text) as Awaited<ReturnType<typeof loggedHeader>>;
}

it('counts what attempts have spent whose process was killed', async () => {
  for (const killed of [1, 2]) {
    const process = startProgram(program, [store, work]);
    await untilJournalHas(killed, '"inputTokens":1000');
    expect(await process.kill('SIGKILL')).toBe('SIGKILL');
  }
  const between = await StoredRun.open(store);
  expect(await between.unfinishedAttempts()).toMatchObject([
    { taskId: '0_1', epoch: 1, attempt: 1, usage: { inputTokens: 1_000, modelCalls: 1, costDollars: 0.25 } },
    { taskId: '0_1', epoch: 1, attempt: 2, usage: { turns: 1 } },
  ]);
  expect((await loggedHeader()).results.metadata.swelancer).toMatchObject({
    missing: [{ taskId: '0_1', epoch: 1 }],
    cost: { unfinishedCost: 0.5, cost: 0.5 },
  });
  writeFileSync(join(work, 'let-on'), '');
  const last = startProgram(program, [store, work]);
  expect(await last.ended, last.errors()).toBe(0);

  const { summary, attempts } = await readReportData(await StoredRun.open(store));
  expect(attempts).toHaveLength(1);
  expect(summary.cost).toMatchObject({
    attempts: 3,
    unfinishedAttempts: 2,
    attemptsOfUnknownCost: 0,
    unfinishedCost: 0.5,
    cost: 1,
    usage: { inputTokens: 4_000, outputTokens: 80, modelCalls: 4, turns: 4 },
  } satisfies Partial<CostSummary>);
  const files = await writeReport(store);
  expect(readFileSync(files.html, 'utf8'), 'what the task cost').toContain('data-sort="1">$1</td>');
  const told = '$0.50 of it by 2 attempts without a result';
  expect(readFileSync(files.html, 'utf8')).toContain(told);
  expect(readFileSync(files.markdown, 'utf8')).toContain(told);
  const logged = await loggedHeader();
  expect(JSON.parse(readFileSync(files.summary, 'utf8'))).toMatchObject(
    logged.results.metadata.swelancer as object,
  );
  expect(logged.stats.model_usage).toEqual({
    scripted: expect.objectContaining({ input_tokens: 4_000, output_tokens: 80, total_cost: 1 }),
  });
});
