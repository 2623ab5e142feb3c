import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoredRun } from '../../../src/index.js';
import { bundleProgram, type ProgramProcess, startProgram } from '../../fixtures/process-program.js';
import { isMissing } from '../../fixtures/system-need.js';

/** As a container has them: processes with numbers that nobody outside knows. */
const ownNumbers = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
const [command = '', ...parameters] = ownNumbers;
const cannot = spawnSync(command, [...parameters, 'true']).status !== 0;

describe.skipIf(isMissing(cannot, 'Process numbers of its own need Linux, root and unshare.'))(
  'a run whose process is stopped for minutes in a container',
  () => {
    let folder: string;
    let processes: ProgramProcess[];
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'swelancer-taken-'));
      writeFileSync(join(folder, 'log'), '');
      await bundleProgram('test/fixtures/held-process.ts', join(folder, 'held-process.mjs'));
      processes = [];
    });
    afterEach(async () => {
      await Promise.all(processes.map((one) => one.kill('SIGKILL')));
      rmSync(folder, { recursive: true, force: true });
    });

    const start = (within: readonly string[] = []) => {
      const started = startProgram(join(folder, 'held-process.mjs'), [folder, '4'], { within });
      processes.push(started);
      return started;
    };
    const solved = () =>
      readFileSync(join(folder, 'log'), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('solve '));
    const until = async (holds: () => boolean) => {
      for (const giveUpAt = Date.now() + 60_000; !holds(); await sleep(20)) {
        if (Date.now() > giveUpAt) throw new Error(`It did not come: ${processes[0]?.errors()}`);
      }
    };
    const childOf = (pid: number) => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));

    it('is left to the process that has taken it over', async () => {
      const first = start(ownNumbers);
      await until(() => solved().length === 1);
      const stopped = childOf(first.pid);
      process.kill(stopped, 'SIGSTOP');
      const minutesAgo = new Date(Date.now() - 180_000);
      utimesSync(join(folder, 'store', 'lock'), minutesAgo, minutesAgo);
      const second = start();
      await until(() => solved().length === 2);
      process.kill(stopped, 'SIGCONT');
      // While its agent is at work and nothing is written.
      expect(await first.ended).toBe(1);
      expect(first.errors()).toMatch(
        /StoreError: Process \d+ on .* has taken over .*lock while this process/,
      );
      writeFileSync(join(folder, 'let-solve'), '');
      writeFileSync(join(folder, 'let-grade'), '');
      expect(await second.ended, second.errors()).toBe(0);
      expect(solved()).toHaveLength(5);
      const run = await StoredRun.open(join(folder, 'store'));
      const attempts: string[] = [];
      for await (const { taskId, attempt } of run.attempts()) attempts.push(`${taskId} ${attempt}`);
      expect(attempts.sort()).toEqual(['0_1 2', '1_1 1', '2_1 1', '3-manager-0 1']);
    });
  },
);
