import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeDocker, expectNothingLeft, testRequest } from '../../fixtures/docker.js';

const mebibyte = 1024 * 1024;
const bytes = 200 * mebibyte;
const mark = randomUUID();
const work = mkdtempSync(join(tmpdir(), 'swelancer-output-'));
const program = join(work, 'output-process.mjs');

beforeAll(async () => {
  await build({
    entryPoints: [resolve('test/fixtures/output-process.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: {
      js: "import { createRequire as r } from 'node:module'; import { fileURLToPath as f } from 'node:url'; const require = r(import.meta.url), __filename = f(import.meta.url), __dirname = f(new URL('.', import.meta.url));",
    },
    // Of the SSH client that dockerode brings along, which does without them too.
    loader: { '.node': 'empty' },
    logLevel: 'error',
  });
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

async function expectCounted(runtime: 'docker' | 'local', request: object): Promise<void> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-old-space-size=64',
    program,
    runtime,
    String(bytes),
    JSON.stringify(request),
    mark,
  ]);
  const told = JSON.parse(stdout) as { readonly highestMemoryBytes: number };
  expect(told).toEqual({
    exitCode: 0,
    totalBytes: bytes,
    keptBytes: 512 * 1024,
    highestMemoryBytes: expect.any(Number) as number,
    stderr: 'end\n',
  });
  // Buffers are not part of the heap. Whoever keeps the whole output needs this much for it alone.
  expect(told.highestMemoryBytes).toBeLessThan(bytes);
}

describe('a process with 64 MiB of heap', () => {
  test('reads 200 MiB of output of a process of this machine, every byte counted', async () => {
    await expectCounted('local', testRequest({ workingDirectory: '/tmp' }));
  });
});

describeDocker('a process with 64 MiB of heap and a container', () => {
  expectNothingLeft(`swelancer.test=${mark}`);

  test('reads 200 MiB of its output, every byte counted', async () => {
    await expectCounted('docker', testRequest());
  });
});
