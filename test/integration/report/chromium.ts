import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, describe } from 'vitest';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const executable = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => names.map((name) => join(folder, name)))
  .find((path) => existsSync(path));

if (executable === undefined && process.env['SWELANCER_REQUIRE_CHROMIUM'] === '1') {
  throw new Error(`Chromium tests are required, and none of ${names.join(', ')} is on the PATH.`);
}

let browser: Promise<Browser> | undefined;

/** One browser for a test file, started when the first page needs it. */
export function openBrowser(): Promise<Browser> {
  browser ??= chromium.launch({
    ...(executable !== undefined && { executablePath: executable }),
    // Containers run as root, where Chromium's own sandbox does not start.
    args: ['--no-sandbox'],
  });
  return browser;
}

/** A suite for a real browser. Skipped with the reason in its name where there is none. */
export function describeChromium(name: string, suite: () => void): void {
  if (executable === undefined) {
    describe.skip(`${name} [skipped: there is no Chromium (apt-get install chromium)]`, suite);
    return;
  }
  describe(name, () => {
    suite();
    afterAll(async () => {
      await (await browser)?.close();
      browser = undefined;
    });
  });
}
