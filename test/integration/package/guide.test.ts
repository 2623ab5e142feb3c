import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isBuilt, ownVersion, packageRoot, packPackage } from '../../fixtures/packed-package.js';

const guide = readFileSync(join(packageRoot, 'docs/computers.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'swelancer-guide-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface CodeBlock {
  readonly language: string;
  readonly code: string;
}

/** The code blocks under a heading, in the order in which they are read. */
function blocksOf(heading: string): readonly CodeBlock[] {
  const [, section = ''] = guide.split(`\n## ${heading}\n`);
  const [text = ''] = section.split('\n## ');
  return [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language = '', code = '']) => ({
    language,
    code,
  }));
}

/** The command of the guide that begins so, of which what it installs is what we have here. */
function installing(commands: string, swelancer?: string): string {
  return commands.replaceAll(/npm install .*/g, (command) =>
    command
      .replaceAll(/\b(tsx|vitest)\b|@types\/node/g, ownVersion)
      .replace('install swelancer', `install ${swelancer ?? 'swelancer'}`),
  );
}

const options = {
  cwd: folder,
  encoding: 'utf8',
  env: {
    ...process.env,
    npm_config_prefer_offline: 'true',
    npm_config_audit: 'false',
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
  },
} as const;
const run = (command: string) => execFileSync('sh', ['-c', command], options);
const write = (name: string, code: string | undefined) => writeFileSync(join(folder, name), code ?? '');

describe.skipIf(!isBuilt)(
  `the guide "Bring your own compute", followed in an empty folder${isBuilt ? '' : ' [skipped: run npm run build first]'}`,
  { timeout: 600_000 },
  () => {
    const [install, computer, conformance, use] = blocksOf('Bring your own compute');
    const [declaring, underVitest] = blocksOf('The conformance suite');

    beforeAll(() => {
      const swelancer = packPackage(folder);
      run(installing(install?.code ?? '', swelancer));
      write('custom-computer.ts', computer?.code);
    });

    test('has the blocks that it talks of, and no others', () => {
      const languages = [...blocksOf('Bring your own compute'), ...blocksOf('The conformance suite')].map(
        ({ language }) => language,
      );
      expect(languages).toEqual(['sh', 'ts', 'ts', 'ts', 'ts', 'ts']);
      expect(guide).toContain('\n`custom-computer.ts` is');
      expect(guide).toContain('\n`conformance.ts` puts');
    });

    test('its computer passes the suite, of which a line is printed for each case', () => {
      write('conformance.ts', conformance?.code);
      expect(guide).toContain('`npx tsx conformance.ts` prints a line for each case');
      const lines = run('npx tsx conformance.ts').trim().split('\n');
      const cases = lines.filter((line) => /^ {2}\w[\w-]*\/\S+ +(ok|skipped|FAILED) /.test(line));
      expect(cases.filter((line) => line.includes('FAILED'))).toEqual([]);
      expect(cases.find((line) => line.includes('kill/detached '))).toMatch(/ ok /);
      const [, passed, failed, skipped] =
        /^(\d+) passed, (\d+) failed, (\d+) skipped/.exec(lines.at(-1) ?? '') ?? [];
      expect(Number(passed) + Number(skipped)).toBe(cases.length);
      expect(failed).toBe('0');
    });

    test('a computer that falls short is told how, as the guide says', () => {
      const [, line = '', id = '', reason = ''] =
        /`((text\/\S+) FAILED (.+?))` for commands sent as an argument/.exec(guide) ?? [];
      expect(line).not.toBe('');
      const asArgument = computer?.code.replace(`['-c', 'eval "$(cat <&3)" 3<&-']`, `['-c', command]`);
      expect(asArgument).not.toBe(computer?.code);
      write('as-argument.ts', asArgument);
      write(
        'falling-short.ts',
        conformance?.code
          .replace('./custom-computer.js', './as-argument.js')
          .replace('levels: [0, 1, 2, 3]', `only: ['${id}']`),
      );
      const said = run('npx tsx falling-short.ts')
        .replaceAll(/ +\d+ ms/g, '')
        .replaceAll(/ +/g, ' ');
      expect(said).toContain(` ${id} FAILED ${reason}`);
    });

    test('its computer is used', () => {
      write('use.ts', use?.code);
      expect(run('npx tsx use.ts').trim()).toBe(run('uname -s').trim());
    });

    test('what is declared decides on what is tested', () => {
      write('declaring.ts', declaring?.code);
      const totals = JSON.parse(run('npx tsx declaring.ts')) as { passed: number; failed: number };
      expect(totals.failed).toBe(0);
      expect(totals.passed).toBeGreaterThan(5);
    });

    test('each case is a test of a test runner', () => {
      const [, command = ''] = /\(here `(npm install .*?)`\)/.exec(guide) ?? [];
      run(installing(command));
      write('computer.test.ts', underVitest?.code);
      // All of them have passed above.
      const { status, stdout } = spawnSync('npx', ['vitest', 'run', '-t', 'commands/'], options);
      expect(stdout).toMatch(/Tests +\d+ passed/);
      expect(status).toBe(0);
    });
  },
);
