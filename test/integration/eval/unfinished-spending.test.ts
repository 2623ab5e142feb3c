import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CostSummary, StoredRun } from '../../../src/index.js';
import { readReportData, writeReport } from '../../../src/report/index.js';
import { bundleProgram, startProgram } from '../../fixtures/process-program.js';

const work = mkdtempSync(join(tmpdir(), 'swelancer-spending-'));
const program = join(work, 'spending-process.mjs');
const store = join(work, 'run');

beforeAll(() => bundleProgram('test/fixtures/spending-process.ts', program));
afterAll(() => rmSync(work, { recursive: true, force: true }));

async function untilJournalHas(count: number, text: string): Promise<void> {
  const journal = join(store, 'journal.jsonl');
  while (!existsSync(journal) || readFileSync(journal, 'utf8').split(text).length <= count) await sleep(20);
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
  const told = '$0.50 of it by 2 attempts without a result';
  expect(readFileSync(files.html, 'utf8')).toContain(told);
  expect(readFileSync(files.markdown, 'utf8')).toContain(told);
});
