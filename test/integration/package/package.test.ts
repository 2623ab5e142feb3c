import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isBuilt, ownVersion, packageRoot, packPackage } from '../../fixtures/packed-package.js';

const project = mkdtempSync(join(tmpdir(), 'swelancer-package-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));

const run = (command: string, ...words: string[]) =>
  execFileSync(command, words, { cwd: project, encoding: 'utf8' });
const write = (name: string, text: string) => writeFileSync(join(project, name), text);

describe.skipIf(!isBuilt)(
  `the package${isBuilt ? '' : ' [skipped: run npm run build first]'}`,
  { timeout: 300_000 },
  () => {
    it('type-checks and runs in an empty strict project', () => {
      write('package.json', '{ "type": "module" }');
      const packages = [packPackage(project), ownVersion('typescript'), ownVersion('@types/node')];
      run('npm', 'install', '--no-audit', '--no-fund', ...packages);
      write(
        'tsconfig.json',
        JSON.stringify({
          compilerOptions: {
            target: 'ES2022',
            module: 'NodeNext',
            strict: true,
            exactOptionalPropertyTypes: true,
            skipLibCheck: false,
            outDir: 'out',
            types: ['node'],
          },
          include: ['*.ts'],
        }),
      );
      write('payout.ts', firstExample());
      write('main.ts', consumer);
      run('npx', 'tsc');
      expect(JSON.parse(run('node', 'out/main.js'))).toEqual({
        status: 'scored',
        outcome: 'correct',
        earned: 1000,
      });
    });

    it('loads neither dockerode nor a model SDK with its root, and the same classes by require', () => {
      write('loads.mjs', loads);
      expect(JSON.parse(run('node', 'loads.mjs'))).toEqual({ heavy: [], sameClass: true, dockerode: true });
    });
  },
);

/** The readme's first TypeScript block, as its readers copy it. */
function firstExample(): string {
  return /```ts\n([\s\S]*?)```/.exec(readFileSync(join(packageRoot, 'README.md'), 'utf8'))?.[1] ?? '';
}

const consumer = `
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { defineComputer, goldAgent, readUploadSource, runTask, type SweManagerTask } from 'swelancer';

const root = mkdtempSync('/tmp/swelancer-consumer-');
const computer = defineComputer({
  root,
  sendShellCommand: async (command, options) => {
    const child = promisify(execFile)('sh', ['-c', command], { cwd: options?.cwd });
    return child.then(
      ({ stdout, stderr }) => ({ exitCode: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ exitCode: code, stdout, stderr }),
    );
  },
  upload: async (source, path) => {
    const { stream } = await readUploadSource(source);
    await writeFile(path, stream);
  },
  download: (path) => readFile(path),
  cleanup: async () => rmSync(root, { recursive: true }),
});
await computer.checkShellCommand(
  'mkdir -p tmp app/tests app/expensify && cd app/expensify && git init -q && git config user.name t && git config user.email t@t && ' +
    'git commit -q --allow-empty -m one && git commit -q --allow-empty -m two',
  { cwd: root },
);
const { stdout } = await computer.checkShellCommand('git rev-parse HEAD', { cwd: root + '/app/expensify' });
const task: SweManagerTask = {
  id: '1-manager-0',
  variant: 'swe_manager',
  price: 1000,
  title: 't',
  description: 'd',
  workingDirectory: '/app/expensify',
  proposals: 'Proposal: 0:',
  proposalIds: [0, 1],
  secrets: { correctProposalId: 1, fixCommit: stdout.trim() },
};
const result = await runTask({ task, computer, agent: goldAgent([task]) });
await computer.cleanup();
console.log(JSON.stringify({ status: result.status, outcome: result.status === 'scored' ? result.outcome : result, earned: result.earned }));
`;

const loads = `
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const root = await import('swelancer');
const loaded = () => Object.keys(require.cache).filter((path) => /node_modules\\/(dockerode|docker-modem|openai|@anthropic-ai|ssh2)\\//.test(path));
const heavy = loaded();
const sameClass = require('swelancer').ComputerLostError === root.ComputerLostError;
await import('swelancer/docker');
console.log(JSON.stringify({ heavy, sameClass, dockerode: loaded().some((path) => path.includes('dockerode')) }));
`;
