import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { sampleDataset, sampleImages } from '../../../examples/sample-benchmark/sample-benchmark.js';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { goldAgent, runEval, StoredRun } from '../../../src/index.js';
import { writeReport } from '../../../src/report/index.js';
import { expectNothingLeft } from '../../fixtures/docker.js';
import { describeSampleImage } from '../../fixtures/sample-image.js';
import { describeChromium, openBrowser } from './chromium.js';

const store = mkdtempSync(join(tmpdir(), 'swelancer-recordings-'));
afterAll(() => rmSync(store, { recursive: true, force: true }));

describeSampleImage('an evaluation of the sample benchmark in Docker that keeps recordings', () => {
  describeChromium('and its report', () => {
    it('shows the recording of the tests in the page, where it can be played', async () => {
      const mark = randomBytes(6).toString('hex');
      expectNothingLeft(`swelancer.test=${mark}`);
      const dataset = (await sampleDataset()).limit(1);
      await runEval({
        dataset,
        agent: goldAgent(dataset),
        runtime: dockerRuntime({ pull: 'never', labels: { 'swelancer.test': mark } }),
        computers: { images: sampleImages },
        store,
        keepArtifacts: true,
      });
      const run = await StoredRun.open(store);
      const [record] = await run.records();
      expect(record).toMatchObject({ status: 'scored', outcome: 'passed' });
      const kept = await run.artifacts(record!);
      expect(kept.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['round-1/logs/npm_run_dev.log', 'round-1/recording/output.mp4']),
      );

      const { html } = await writeReport(run);
      const context = await (await openBrowser()).newContext({ viewport: { width: 1280, height: 900 } });
      try {
        const page = await context.newPage();
        const trouble: string[] = [];
        page.on('pageerror', (error) => trouble.push(error.message));
        page.on('console', (message) => trouble.push(message.text()));
        await page.goto(pathToFileURL(html).href);
        await page.locator('#task-table .open').first().click();
        const video = page.locator('#attempt .files video');
        await video.waitFor();
        await expect
          .poll(() =>
            video.evaluate((element) => (element instanceof HTMLVideoElement ? element.videoWidth : 0)),
          )
          .toBe(1920);
        expect(await page.locator('#attempt .files figcaption a').allTextContents()).toContain(
          'round-1/recording/output.mp4',
        );
        expect(trouble).toEqual([]);
      } finally {
        await context.close();
      }
    }, 300_000);
  });
});
