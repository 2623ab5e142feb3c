import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HtmlReportLimits, writeReport } from '../../../src/report/index.js';
import { describeChromium, openBrowser } from './chromium.js';
import { type SyntheticRunOptions, writeSyntheticRun } from './synthetic-run.js';

/** One pixel. */
const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((path) => rm(path, { recursive: true, force: true }))));

async function reportOf(options: SyntheticRunOptions, limits?: HtmlReportLimits): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'swelancer-report-'));
  folders.push(path);
  await writeSyntheticRun(path, options);
  return (await writeReport(path, { limits })).html;
}

interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
  /** What the page said, asked for or did that a report must not. */
  readonly trouble: string[];
}

async function open(html: string, options: BrowserContextOptions = {}, hash = ''): Promise<OpenedPage> {
  const browser = await openBrowser();
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const trouble: string[] = [];
  page.on('console', (message) => trouble.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => trouble.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const address = pathToFileURL(html).href;
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith('data:') && !url.startsWith(address)) trouble.push(`request: ${url}`);
  });
  await page.goto(`${address}${hash}`);
  return { page, trouble, [Symbol.asyncDispose]: () => context.close() };
}

const shownTitles = (page: Page) => page.locator('#task-table tbody tr:visible .open').allTextContents();
const focusedTask = (page: Page) =>
  page.evaluate(() => document.activeElement?.closest('tr')?.querySelector('.id')?.textContent);

describeChromium('the report in Chromium', () => {
  let html = '';
  beforeAll(async () => {
    html = await reportOf({
      tasks: 30,
      epochs: 2,
      unfinished: 1,
      artifacts: { 'shot.png': picture, 'trace.zip': picture },
    });
  });

  it('opens without errors, without requests and with every task', async () => {
    await using opened = await open(html);
    const { page, trouble } = opened;
    expect(await page.locator('#task-table tbody tr').count()).toBe(30);
    expect(await page.locator('.plots svg').count()).toBe(4);
    expect(await page.locator('.figure.main .value').textContent()).toMatch(/^\$[\d,]+$/);
    expect(trouble).toEqual([]);
  });

  it('filters by text, outcome, kind and price, and clears', async () => {
    await using opened = await open(html);
    const { page } = opened;
    const all = await shownTitles(page);
    await page.fill('#filter-text', 'SEARCH');
    const found = await shownTitles(page);
    expect(found).toEqual(all.filter((title) => /search/i.test(title)));
    expect(found.length).toBeLessThan(all.length);
    expect(await page.textContent('#shown-count')).toBe(`${found.length} of 30`);
    await page.fill('#filter-text', '');
    await page.selectOption('#filter-outcome', 'none');
    expect(await page.locator('#task-table tbody tr:visible').count()).toBe(1);
    await page.selectOption('#filter-outcome', '');
    await page.selectOption('#filter-variant', 'swe_manager');
    await page.selectOption('#filter-band', { index: 1 });
    const both = await page
      .locator('#task-table tbody tr:visible')
      .evaluateAll((rows) =>
        rows.map((row) => `${row.getAttribute('data-variant')} ${row.getAttribute('data-band')}`),
      );
    expect(new Set(both)).toEqual(new Set(['swe_manager $0-$299']));
    await page.fill('#filter-text', 'nothing is called so');
    expect(await page.isVisible('#nothing-shown')).toBe(true);
    await page.click('.filters button[type=reset]');
    await page.waitForFunction(() => document.querySelector('#shown-count')?.textContent === '30 of 30');
  });

  it('sorts by a column, says so to screen readers, and gives the order back', async () => {
    await using opened = await open(html);
    const { page } = opened;
    const before = await shownTitles(page);
    const heading = page.locator('th[data-key=price]');
    const prices = () =>
      page
        .locator('#task-table tbody td:nth-child(3)')
        .evaluateAll((cells) => cells.map((cell) => Number(cell.getAttribute('data-sort'))));
    await heading.getByRole('button').click();
    expect(await heading.getAttribute('aria-sort')).toBe('descending');
    const descending = await prices();
    expect(descending).toEqual(descending.toSorted((a, b) => b - a));
    await heading.getByRole('button').click();
    expect(await heading.getAttribute('aria-sort')).toBe('ascending');
    expect(await prices()).toEqual(descending.toReversed());
    await heading.getByRole('button').click();
    expect(await heading.getAttribute('aria-sort')).toBe('none');
    expect(await shownTitles(page)).toEqual(before);
  });

  it('is used with the keyboard alone', async () => {
    await using opened = await open(html);
    const { page, trouble } = opened;
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the tasks');
    await page.keyboard.press('/');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('filter-text');
    await page.locator('#task-table .open[tabindex="0"]').focus();
    const first = await focusedTask(page);
    await page.keyboard.press('ArrowDown');
    const second = await focusedTask(page);
    expect(second).not.toBe(first);
    await page.keyboard.press('End');
    await page.keyboard.press('Home');
    expect(await focusedTask(page)).toBe(first);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#attempt .verdict');
    expect(await page.textContent('.dialog-head .facts')).toContain(second);
    await page.keyboard.press('j');
    await page.waitForFunction(
      (id) => !document.querySelector('.dialog-head .facts')?.textContent.includes(id),
      second ?? '',
    );
    await page.keyboard.press('k');
    await page.waitForFunction(
      (id) => document.querySelector('.dialog-head .facts')?.textContent.includes(id),
      second ?? '',
    );
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.querySelector('dialog')?.open === false);
    expect(await focusedTask(page)).toBe(second);
    expect(trouble).toEqual([]);
  });

  it('shows an attempt with its patch, tests, transcript and files', async () => {
    await using opened = await open(html);
    const { page, trouble } = opened;
    await page.locator('#task-table .open').first().click();
    await page.getByRole('button', { name: 'Epoch 1', exact: true }).click();
    await page.waitForSelector('#attempt .files');
    expect(await page.locator('.patch-file').count()).toBe(2);
    // A removed line that begins with `--` is no header of a file.
    expect(await page.locator('.patch-file').nth(1).locator('.line.removed').allTextContents()).toEqual([
      '--- a comment that looks like a header\n',
    ]);
    expect(await page.locator('.line.added').first().getAttribute('data-numbers')).toBe(
      `${' '.repeat(10)}44`,
    );
    expect(await page.locator('.test').textContent()).toContain('test session starts');
    expect(await page.locator('.message.assistant').count()).toBe(6);
    const result = page.locator('.message.tool').first();
    expect(await result.locator('pre').count()).toBe(0);
    await result.locator('summary').click();
    expect(await result.locator('pre').textContent()).toContain('Navigation.goBack');
    expect(
      await page
        .locator('.files img')
        .evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth)),
    ).toBe(1);
    const [link = ''] = await page
      .locator('.files a')
      .evaluateAll((links) => links.map((found) => (found as HTMLAnchorElement).href));
    expect(await readFile(new URL(link))).toEqual(picture);
    expect(trouble).toEqual([]);
  });

  it('opens the attempt that a link names', async () => {
    await using opened = await open(html, {}, '#task-3-0');
    await opened.page.waitForSelector('#attempt .verdict');
    expect(await opened.page.locator('.tab[aria-pressed=true]').textContent()).toBe('Epoch 1');
  });

  it('follows the system into the dark, and the button out of it', async () => {
    await using opened = await open(html, { colorScheme: 'dark' });
    const { page } = opened;
    const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const bars = () =>
      page
        .locator('.plot .passed')
        .first()
        .evaluate((bar) => getComputedStyle(bar).fill);
    const [darkPaper, darkBars] = [await paper(), await bars()];
    await page.click('#theme');
    expect(await paper()).not.toBe(darkPaper);
    expect(await bars()).not.toBe(darkBars);
    await page.emulateMedia({ colorScheme: 'light' });
    const lightPaper = await paper();
    await page.click('#theme');
    expect([lightPaper, await paper()]).toEqual(['rgb(251, 251, 249)', darkPaper]);
  });

  it.each([1280, 800, 390])('fits into %i pixels', async (width) => {
    await using opened = await open(html, { viewport: { width, height: 900 } });
    const overflow = () =>
      opened.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(await overflow()).toBeLessThanOrEqual(0);
    await opened.page.locator('#task-table .open').first().click();
    await opened.page.waitForSelector('#attempt .verdict');
    const body = await opened.page
      .locator('.dialog-body')
      .evaluate((part) => part.scrollWidth - part.clientWidth);
    expect(body).toBeLessThanOrEqual(0);
  });

  it('shows what a stranger wrote as text, everywhere', async () => {
    const text = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'\`]]>--><svg onload=alert(3)>\u001b[31m\u202e\u0000`;
    await using opened = await open(
      await reportOf({
        tasks: 3,
        epochs: 1,
        text,
        turns: 2,
        artifacts: { 'a"<b>#%.png': picture, 'liar.png': Buffer.from('<svg onload="alert(4)"/>') },
      }),
    );
    const { page, trouble } = opened;
    for (let task = 0; task < 3; task++) {
      await page.locator('#task-table .open').nth(task).click();
      await page.waitForSelector('#attempt .verdict');
      await page.locator('button', { hasText: 'Unfold all' }).click();
      for (const details of await page.locator('#attempt .test summary').all()) await details.click();
      expect(await page.locator('#attempt img:not(.files img), #attempt script, #attempt svg').count()).toBe(
        0,
      );
      const shown = (await page.textContent('#attempt')) ?? '';
      expect(shown.split('<img src=x onerror=alert(2)>').length).toBeGreaterThan(6);
      expect(shown).toContain('␛[31m‹U+202E›␀');
      await page.keyboard.press('Escape');
    }
    expect(await page.locator('h1').textContent()).toContain('</script><script>alert(1)</script>');
    expect(await page.locator('body img, body > svg, body > p').count()).toBe(0);
    expect(await page.locator('script:not([type])').count()).toBe(1);
    expect(trouble).toEqual([]);
  });

  it('runs no script that somebody put into the file afterwards', async () => {
    const changed = html.replace('report.html', 'changed.html');
    await writeFile(
      changed,
      (await readFile(html, 'utf8')).replace('</main>', '<script>document.title = "owned"</script></main>'),
    );
    await using opened = await open(changed);
    expect(await opened.page.title()).not.toBe('owned');
    expect(opened.trouble.join()).toContain('Content Security Policy');
  });

  it('cuts what is too long, says so and leads to the whole', async () => {
    const cut = await reportOf(
      { tasks: 1, epochs: 1, turns: 30, charactersATurn: 3000, artifacts: { 'shot.png': picture } },
      { textCharacters: 40_000, mediaBytes: 0 },
    );
    await using opened = await open(cut);
    const { page } = opened;
    await page.locator('#task-table .open').first().click();
    await page.waitForSelector('.gap');
    expect(await page.textContent('.gap')).toMatch(/^\d+ messages left out\. Open the whole transcript$/);
    const shown = await page.locator('.message').count();
    expect(shown + Number.parseInt((await page.textContent('.gap')) ?? '', 10)).toBe(62);
    const link = await page.locator('.gap a').evaluate((anchor: HTMLAnchorElement) => anchor.href);
    expect((await readFile(new URL(link), 'utf8')).split('\n')).toHaveLength(65);
    expect(await page.locator('.files img').count()).toBe(0);
    expect(await page.locator('.files a').count()).toBe(1);
  });

  it('opens with 463 tasks of 4 attempts and 60 steps of 2 KB each, filters and sorts', {
    timeout: 300_000,
  }, async () => {
    const large = await reportOf({ tasks: 463, epochs: 4, turns: 60, charactersATurn: 2000 });
    await using opened = await open(large);
    const { page, trouble } = opened;
    const rows = page.locator('#task-table tbody tr:visible');
    expect(await rows.count()).toBe(463);
    await page.fill('#filter-text', 'search');
    const found = await rows.count();
    expect(found).toBeGreaterThan(10);
    expect(found).toBeLessThan(200);
    await page.fill('#filter-text', '');
    expect(await rows.count()).toBe(463);
    const heading = page.locator('th[data-key=price]');
    await heading.getByRole('button').click();
    expect(await heading.getAttribute('aria-sort')).toBe('descending');
    await page.locator('#task-table .open').last().click();
    await page.waitForSelector('#attempt .verdict');
    expect(await page.locator('.tab').count()).toBeGreaterThanOrEqual(4);
    expect(trouble).toEqual([]);
  });
});
