import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StoredRun } from '../../../src/index.js';
import { describeSlurm, type SlurmCluster, startSlurm } from '../../fixtures/slurm-cluster.js';

describeSlurm('an evaluation as array jobs of Slurm', () => {
  let cluster: SlurmCluster;
  let folder: string;

  beforeEach(async () => {
    cluster = await startSlurm();
    folder = mkdtempSync(join(tmpdir(), 'swelancer-held-'));
    writeFileSync(join(folder, 'log'), '');
  });
  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const slurm = (
    command: 'submit' | 'merge' | 'run-one',
    { jobs = [], environment = {} }: { jobs?: readonly string[]; environment?: NodeJS.ProcessEnv } = {},
  ) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        '--import',
        'tsx',
        'examples/slurm.ts',
        command,
        join(folder, 'store'),
        ...jobs,
        '--evaluation=test/fixtures/slurm-evaluation.ts',
      ],
      { env: { ...cluster.environment, SWELANCER_HELD_FOLDER: folder, ...environment }, encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`${command} ended with ${String(status)}: ${stderr}`);
    return stdout;
  };
  const lines = (what: string) =>
    readFileSync(join(folder, 'log'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith(`${what} `))
      .map((line) => ({ pid: Number(line.split(' ')[1]), taskId: line.split(' ')[2] ?? '' }));
  const until = async (what: string, holds: () => boolean) => {
    for (const giveUpAt = Date.now() + 90_000; !holds(); await sleep(100)) {
      if (Date.now() > giveUpAt)
        throw new Error(
          `${what} did not come: ${cluster.run('squeue')} ${readFileSync(join(folder, 'log'), 'utf8')}`,
        );
    }
  };
  const queueEmpty = () => cluster.run('squeue', '--noheader').trim() === '';

  it('ends every sample once although one was killed at work and one in grading', async () => {
    expect(slurm('submit')).toContain('Submitted 4 attempts');
    await until('work', () => lines('solve').length === 4);
    expect(slurm('submit')).toContain('Still under way');
    // A manager's choice is graded without a computer, so without being held.
    const lost = lines('solve').find(({ taskId }) => !taskId.includes('manager'));
    process.kill(lost?.pid ?? 0, 'SIGKILL');
    writeFileSync(join(folder, 'let-solve'), '');
    await until('grading', () => lines('grade').length === 2);
    const [ungraded] = lines('grade');
    process.kill(ungraded?.pid ?? 0, 'SIGKILL');
    writeFileSync(join(folder, 'let-grade'), '');
    await until('the end of the array', queueEmpty);

    // As after a node's power loss: it is no reason to leave the others.
    const torn = join(folder, 'store', 'slurm', 'outcomes', 'torn.json');
    writeFileSync(torn, '');
    expect(slurm('merge')).toContain('"finished":2');
    expect(existsSync(`${torn}.damaged`)).toBe(true);
    expect(slurm('merge')).toContain('"finished":0,"again":0,"unfinished":2,"repeated":2');
    const merged = await StoredRun.open(join(folder, 'store'));
    expect(await merged.ungraded()).toMatchObject([{ taskId: ungraded?.taskId, attempt: 1 }]);
    const spent = (await merged.unfinishedAttempts()).map(({ taskId, usage }) => [
      taskId,
      usage?.costDollars,
    ]);
    expect(Object.fromEntries(spent)).toEqual({ [lost?.taskId ?? '']: 0.5, [ungraded?.taskId ?? '']: 0.01 });
    expect(slurm('submit')).toContain('Submitted 2 attempts');
    await until('the end of the second array', queueEmpty);
    expect(slurm('submit')).toContain('Nothing is left');

    const run = await StoredRun.open(join(folder, 'store'));
    const finals: string[] = [];
    for await (const { final, taskId } of run.attempts()) if (final) finals.push(taskId);
    expect(finals.sort()).toEqual(run.description.dataset.tasks.map(({ id }) => id).sort());
    const records = await run.records();
    expect(records.every(({ status }) => status === 'scored')).toBe(true);
    const paidTwice = records.filter(({ lostUsage }) => lostUsage?.costDollars === 0.5);
    expect(paidTwice.map(({ taskId }) => taskId)).toEqual([lost?.taskId]);
    expect(await run.unfinishedAttempts(), 'their results tell what they have spent').toEqual([]);
    for (const record of records) {
      const { messages } = (await run.transcript(record)) ?? {};
      expect(messages, 'also where a task was killed while it graded').toHaveLength(1);
      const types: string[] = [];
      for await (const { type } of run.events(record)) types.push(type);
      expect(types).toContain('phase.started');
      expect(types.at(-1)).toBe('task.finished');
    }
    const solved = lines('solve').map(({ taskId }) => taskId);
    expect(solved.filter((taskId, index) => solved.indexOf(taskId) !== index)).toEqual([lost?.taskId]);
  });

  it('says what is wrong with a node that has another evaluation, keeps what the others did, and goes on', async () => {
    expect(slurm('submit')).toContain('Submitted 4 attempts');
    await until('work', () => lines('solve').length === 4);
    cluster.run('scancel', '--user=root');
    await until('the end of the array', queueEmpty);
    writeFileSync(join(folder, 'let-solve'), '');
    writeFileSync(join(folder, 'let-grade'), '');
    const shared = join(folder, 'store', 'slurm');
    const jobs = readdirSync(shared).filter((name) => name.endsWith('.jsonl'));
    const path = join(shared, jobs[0] ?? '');
    slurm('run-one', {
      jobs: [path],
      environment: { SLURM_ARRAY_TASK_ID: '0', SWELANCER_HELD_TURNS: '99' },
    });
    slurm('run-one', { jobs: [path], environment: { SLURM_ARRAY_TASK_ID: '1' } });

    expect(() => slurm('submit')).toThrow(/refused task .* limits\.turns was not set and is 99/);
    const run = await StoredRun.open(join(folder, 'store'));
    expect(await run.records()).toHaveLength(1);
    expect(slurm('submit')).toContain('Submitted 3 attempts');
    await until('the end of the second array', queueEmpty);
    expect(slurm('submit')).toContain('Nothing is left');
    expect((await run.records()).map(({ status }) => status)).toEqual(Array(4).fill('scored'));
  });
});
