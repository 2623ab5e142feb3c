import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoredRun } from '../../../src/index.js';
import { inspectLogName, writeInspectLog } from '../../../src/report/inspect/index.js';
import { conversingRun, conversingTasks } from '../../fixtures/conversing-run.js';
import { serveFolder } from '../../fixtures/static-server.js';

/** A Python that has inspect_ai: `npm run interop:inspect` makes one. */
const python = process.env['SWELANCER_INSPECT_PYTHON'];
const reader = fileURLToPath(new URL('../../fixtures/inspect-reader.py', import.meta.url));

describe.skipIf(python === undefined)('an Inspect log in the hands of Inspect itself', () => {
  const folder = mkdtempSync(join(tmpdir(), 'swelancer-interop-'));
  const logs = join(folder, 'logs');
  let file: string;

  beforeAll(async () => {
    mkdirSync(logs);
    const store = join(folder, 'run');
    await conversingRun(store);
    const { description } = await StoredRun.open(store);
    file = join(logs, inspectLogName(description));
    await writeInspectLog(store, file, {
      invalidated: [{ taskId: conversingTasks.fixed, epoch: 2, author: 'Ada', reason: 'wrong image' }],
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is read by its reader: header, samples, scores, usage, references', async () => {
    const { stdout } = await execa(python ?? '', [reader, logs, file], { timeout: 120_000 });
    const found = JSON.parse(stdout) as Record<string, unknown> & {
      samples: { id: string; epoch: number }[];
    };
    console.info(`Read back with inspect_ai ${String(found['version'])}.`);
    expect(found).toMatchObject({
      listed: ['swelancer'],
      header: { status: 'success', samples: 8 },
      metrics: { 'earned/mean': { earned: 5_000, available: 7_200 }, 'correct/mean': { accuracy: 11 / 14 } },
      usage: { 'scripted-1': { total_tokens: 61 * 1_050, total_cost: 61 * 0.25 } },
      reductions: [
        ['earned', 'mean', 7],
        ['correct', 'mean', 7],
        ['correct', 'pass_at_2', 7],
      ],
    });
    expect(found.samples).toHaveLength(16);
    expect(found['summaries']).toHaveLength(16);
    const sample = (id: string, epoch = 1) =>
      found.samples.find((each) => each.id === id && each.epoch === epoch);
    expect(sample(conversingTasks.fixed)).toMatchObject({
      scores: { earned: 100, correct: 1 },
      inputs: [2, 5, 7, 9],
      references: 0,
      invalidated: false,
    });
    expect(sample(conversingTasks.fixed, 2)).toMatchObject({ invalidated: true });
    expect(sample(conversingTasks.lost)).toMatchObject({
      scores: {},
      error: 'computer_lost: The link broke.',
      retries: 2,
    });
    expect(sample(conversingTasks.limited)).toMatchObject({ limit: 'turn' });
  });

  it('opens in its viewer, every tab of a sample', async () => {
    const bundle = join(folder, 'bundle');
    const inspect = join(dirname(python ?? ''), 'inspect');
    await execa(inspect, ['view', 'bundle', '--log-dir', logs, '--output-dir', bundle], { timeout: 120_000 });
    await using server = await serveFolder(bundle);
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
    try {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on('pageerror', ({ message }) => errors.push(message));
      await page.goto(server.url);
      await page.getByText('swelancer', { exact: true }).first().click();
      await page.getByText(conversingTasks.fixed).first().click();
      await page.getByText('Now I repair it.').first().waitFor();
      for (const [tab, text] of [
        ['Messages', 'Look at this:'],
        ['Scoring', 'tests passed in round 1'],
        ['JSON', '"price_dollars"'],
      ] as const) {
        await page.getByText(tab, { exact: true }).first().click();
        await page.getByText(text).first().waitFor({ state: 'attached' });
      }
      expect(await page.innerText('body')).not.toMatch(/unexpected error/i);
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
