import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
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

  const told = (
    command: 'submit' | 'merge' | 'run-one',
    { more = [], environment = {} }: { more?: readonly string[]; environment?: NodeJS.ProcessEnv } = {},
  ) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        '--import',
        'tsx',
        'examples/slurm.ts',
        command,
        join(folder, 'store'),
        ...more,
        '--evaluation=test/fixtures/slurm-evaluation.ts',
      ],
      { env: { ...cluster.environment, SWELANCER_HELD_FOLDER: folder, ...environment }, encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`${command} ended with ${String(status)}: ${stderr}`);
    return { stdout, stderr };
  };
  const slurm = (...call: Parameters<typeof told>) => told(...call).stdout;
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

  /** Ends an array whose agents are at work, and lets those of the next one through. */
  const cancelAtWork = async () => {
    expect(slurm('submit')).toContain('Submitted 4 attempts');
    await until('work', () => lines('solve').length === 4);
    cluster.run('scancel', '--user=root');
    await until('the end of the array', queueEmpty);
    writeFileSync(join(folder, 'let-solve'), '');
    writeFileSync(join(folder, 'let-grade'), '');
  };

  it('says what is wrong with a node that has another evaluation, keeps what the others did, and goes on', async () => {
    await cancelAtWork();
    const shared = join(folder, 'store', 'slurm');
    const jobs = readdirSync(shared).filter((name) => name.endsWith('.jsonl'));
    const path = join(shared, jobs[0] ?? '');
    slurm('run-one', {
      more: [path],
      environment: { SLURM_ARRAY_TASK_ID: '0', SWELANCER_HELD_TURNS: '99' },
    });
    slurm('run-one', { more: [path], environment: { SLURM_ARRAY_TASK_ID: '1' } });

    expect(() => slurm('submit')).toThrow(/refused task .* limits\.turns was not set and is 99/);
    const run = await StoredRun.open(join(folder, 'store'));
    expect(await run.records()).toHaveLength(1);
    expect(slurm('submit')).toContain('Submitted 3 attempts');
    await until('the end of the second array', queueEmpty);
    expect(slurm('submit')).toContain('Nothing is left');
    expect((await run.records()).map(({ status }) => status)).toEqual(Array(4).fill('scored'));
  });

  it('does not take for dead what Slurm would not have, all of it or a part, and has it done later', async () => {
    writeFileSync(join(folder, 'let-solve'), '');
    writeFileSync(join(folder, 'let-grade'), '');
    for (let round = 0; round < 4; round++) {
      expect(() => slurm('submit', { environment: { SBATCH_PARTITION: 'nowhere' } })).toThrow(
        /4 attempts were not submitted and are given back.*invalid partition/s,
      );
    }
    // As over a limit on what may be submitted: an array goes through, and the next does not.
    const limited = join(folder, 'bin');
    mkdirSync(limited);
    const script = [
      `#!/bin/sh`,
      `[ -e ${folder}/taken ] && { echo 'Job violates submit limit' >&2; exit 1; }`,
      `touch ${folder}/taken`,
      `PATH=$\{PATH#*:} exec sbatch "$@"`,
    ];
    writeFileSync(join(limited, 'sbatch'), script.join('\n'));
    chmodSync(join(limited, 'sbatch'), 0o755);
    const environment = { PATH: `${limited}:${cluster.environment['PATH'] ?? ''}` };
    const more = ['--array-tasks=3'];
    expect(() => slurm('submit', { more, environment })).toThrow(
      /1 attempts were not submitted and are given back.*violates submit limit/s,
    );
    await until('the end of the array', queueEmpty);
    expect(slurm('submit', { more })).toContain('Submitted 1 attempts');
    await until('the end of the second array', queueEmpty);
    expect(slurm('submit')).toContain('Nothing is left');
    const records = await (await StoredRun.open(join(folder, 'store'))).records();
    expect(records.map(({ status, attempt }) => [status, attempt])).toEqual(Array(4).fill(['scored', 1]));
  });

  it('goes on where a file of an attempt that did not come back is damaged', async () => {
    await cancelAtWork();
    const work = join(folder, 'store', 'slurm', 'work');
    const [first = '', second = ''] = readdirSync(work).filter((name) => name.endsWith('.spent.json'));
    writeFileSync(join(work, first), '');
    writeFileSync(join(work, second.replace('.spent.json', '.json')), '{"torn');
    const { stdout, stderr } = told('merge');
    expect(stderr).toContain(`kept as ${first}.damaged`);
    expect(stderr).toContain(`kept as ${second.replace('.spent.json', '.json')}.damaged`);
    expect(stdout).toContain('"unfinished":3');
    expect(existsSync(join(work, `${first}.damaged`))).toBe(true);
    expect(slurm('submit')).toContain('Submitted 4 attempts');
    await until('the end of the second array', queueEmpty);
    expect(slurm('submit')).toContain('Nothing is left');
  });

  it('is not kept from submitting by another folder of that name, nor by what somebody else has queued', async () => {
    const hold = (name: string, user: string) =>
      cluster.run(
        'sbatch',
        '--hold',
        '--output=/dev/null',
        `--uid=${user}`,
        `--job-name=${name}`,
        '--wrap=true',
      );
    hold('swelancer-store', 'root');
    expect(slurm('submit')).toContain('Submitted 4 attempts');
    expect(slurm('submit')).toContain('Still under way');
    const names = cluster.run('squeue', '--noheader', '--format=%j').trim().split(/\s+/);
    const own = names.find((name) => name !== 'swelancer-store') ?? '';
    cluster.run('scancel', '--user=root');
    await until('the end of the array', queueEmpty);
    hold(own, 'nobody');
    expect(slurm('submit')).toContain('Submitted 4 attempts');
    cluster.run('scancel', '--user=nobody');
  });
});
