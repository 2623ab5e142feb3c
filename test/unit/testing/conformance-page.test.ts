import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { customComputer } from '../../../examples/custom-computer.js';
import { conformanceCases, conformanceReportSchema } from '../../../src/testing/index.js';

test('the page of the suite lists each case with what it needs', async () => {
  const page = await readFile('docs/conformance.md', 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  const expected = [...conformanceCases(customComputer)].map(
    ({ id, level, title, requires }) => `| \`${id}\` | ${level} | ${title} | ${requires.join(', ')} |`,
  );
  expect(rows).toEqual(expected);
});

test('`npm run conformance` prints the table and writes the report', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'swelancer-report-'));
  try {
    const file = join(folder, 'report.json');
    const argv = ['run', '--silent', 'conformance', '--', '--json', file, 'commands/success', 'network/cut'];
    expect(execFileSync('npm', argv, { encoding: 'utf8' })).toMatch(/1 passed, 0 failed, 1 skipped/);
    const report = conformanceReportSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    expect(report.cases.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      'commands/success passed',
      'network/cut skipped',
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
