import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { customComputer } from '../../../examples/custom-computer.js';
import { type ComputerInterface, defineComputer } from '../../../src/index.js';
import { type ConformanceReport, runConformance } from '../../../src/testing/index.js';

const never = async () => new Promise<never>(() => undefined);
const outcomes = ({ cases }: ConformanceReport) =>
  cases.map(({ id, outcome, error }) => `${id} ${outcome} ${error?.message ?? ''}`.trim());

describe('a run of the suite ends', { timeout: 60_000 }, () => {
  test('where `create` hangs, which is not called for each case, and cleans up what comes later', async () => {
    let calls = 0;
    let give: (computer: ComputerInterface) => void = () => undefined;
    const late = new Promise<ComputerInterface>((resolve) => {
      give = resolve;
    });
    const create = async () => {
      calls += 1;
      return late;
    };
    const only = ['commands/success', 'commands/exit-code', 'cleanup/twice'];
    const report = await runConformance({ create, only, startTimeoutMs: 50 });
    const why = 'failed No computer was made within 50 ms, and no other one is tried.';
    expect(outcomes(report)).toEqual(only.map((id) => `${id} ${why}`));
    expect(calls).toBe(1);

    const computer = await customComputer();
    const cleanedUp = new Promise<void>((resolve) => {
      give({ ...computer, cleanup: async () => Promise.resolve(resolve()) });
    });
    await cleanedUp;
    await computer.cleanup();
  });

  test('where the cleanup of the shared computer hangs, which is a failed result', async () => {
    const told: string[] = [];
    const report = await runConformance({
      create: async () => ({ ...(await customComputer()), cleanup: never }),
      only: ['commands/success'],
      onCase: ({ id, outcome }) => told.push(`${id} ${outcome}`),
      cleanupTimeoutMs: 50,
    });
    expect(outcomes(report)).toEqual([
      'commands/success passed',
      'cleanup/shared failed The cleanup of a computer did not end within 50 ms.',
    ]);
    expect(told).toEqual(['commands/success passed', 'cleanup/shared failed']);
    expect(report).toMatchObject({ passed: false, totals: { passed: 1, failed: 1 } });
  });

  test('with all its results where the cleanup of the shared computer fails', async () => {
    const create = async () => ({
      ...(await customComputer()),
      cleanup: async () => Promise.reject(new Error('The machine does not answer.')),
    });
    const report = await runConformance({ create, only: ['commands/success', 'commands/exit-code'] });
    expect(outcomes(report)).toEqual([
      'commands/success passed',
      'commands/exit-code passed',
      'cleanup/shared failed The machine does not answer.',
    ]);
  });

  test('where the cleanup of a computer of one case hangs', async () => {
    const report = await runConformance({
      create: async () => ({ ...(await customComputer()), capabilities: {}, cleanup: never }),
      // It is skipped once it has a computer, which is given back.
      only: ['snapshots/files'],
      cleanupTimeoutMs: 50,
    });
    expect(report.cases[0]?.outcome).toBe('failed');
  });
});

describe('what the suite leaves on the computer', () => {
  const folders: string[] = [];
  const scratch = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'swelancer-scratch-'));
    folders.push(folder);
    return folder;
  };
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  test('is nothing, also after cases that end their computer', { timeout: 120_000 }, async () => {
    const scratchFolder = await scratch();
    const report = await runConformance({
      create: customComputer,
      only: ['cleanup', 'commands/success'],
      scratchFolder,
    });
    expect(report.totals).toMatchObject({ failed: 0 });
    expect(await readdir(scratchFolder)).toEqual([]);
  });

  test('is looked at also after a cleanup', async () => {
    const scratchFolder = await scratch();
    const create = async () => {
      const sound = await customComputer();
      const upload: ComputerInterface['upload'] = async (source, path, options) => {
        await sound.upload(source, path, options);
        await sound.upload(source, `${path}.part`, options);
      };
      return defineComputer({ ...sound, upload });
    };
    const report = await runConformance({ create, only: ['cleanup/use-afterwards'], scratchFolder });
    expect(outcomes(report)).toEqual(['cleanup/use-afterwards failed There are stray files: file.part.']);
  });

  test('is not a scratch folder that was missing, which fails the cases', async () => {
    const parent = join(await scratch(), 'missing');
    const report = await runConformance({
      create: customComputer,
      only: ['commands/success'],
      scratchFolder: join(parent, 'deep'),
    });
    expect(report.cases[0]).toMatchObject({ outcome: 'failed', error: { code: 'command_failed' } });
    expect(existsSync(parent)).toBe(false);
  });
});
