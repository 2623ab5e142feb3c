import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { bullmqExecutor } from '../../../src/eval/bullmq/index.js';
import { cancelLine } from '../../../src/eval/bullmq/queue-options.js';
import { costSummary, gradeRun, runEval, StoredRun } from '../../../src/index.js';
import { heldBenchmark } from '../../fixtures/held-benchmark.js';
import { bundleProgram, type ProgramProcess, startProgram } from '../../fixtures/process-program.js';
import type { WorkerOptions } from '../../fixtures/queue-process.js';
import { describeRedis, type RedisServer, startRedis } from '../../fixtures/redis-server.js';

const tasks = 20;
/** Of workers that are to take something over soon. Others have time, for a busy machine to be no death. */
const soon = { lockMs: 2_000 };

describeRedis('an evaluation over a queue', () => {
  const programs = mkdtempSync(join(tmpdir(), 'swelancer-queue-'));
  const program = join(programs, 'queue-process.mjs');
  let redis: RedisServer;
  let folder: string;
  let processes: ProgramProcess[];

  beforeAll(() => bundleProgram('test/fixtures/queue-process.ts', program));
  afterAll(() => rmSync(programs, { recursive: true, force: true }));
  beforeEach(async () => {
    redis = await startRedis();
    folder = mkdtempSync(join(tmpdir(), 'swelancer-held-'));
    writeFileSync(join(folder, 'log'), '');
    processes = [];
  });
  afterEach(async () => {
    await Promise.all(processes.map((started) => started.kill('SIGKILL')));
    await redis[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (role: 'worker' | 'coordinator', count = tasks, options: WorkerOptions = {}) => {
    const parameters = [role, String(redis.port), folder, String(count), JSON.stringify(options)];
    const started = startProgram(program, parameters);
    processes.push(started);
    return started;
  };
  const log = () =>
    readFileSync(join(folder, 'log'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [what = '', pid, taskId = ''] = line.split(' ');
        return { what, pid: Number(pid), taskId };
      });
  const until = async (what: string, holds: () => boolean | Promise<boolean>) => {
    for (const giveUpAt = Date.now() + 60_000; !(await holds()); await sleep(20)) {
      if (Date.now() > giveUpAt)
        throw new Error(
          `${what} did not come: ${JSON.stringify(log())} ${processes.map((one) => one.errors()).join('\n')}`,
        );
    }
  };
  const open = (file: 'let-solve' | 'let-grade') => writeFileSync(join(folder, file), '');
  const tasksOf = (what: string, pid?: number) =>
    log()
      .filter((line) => line.what === what && (pid === undefined || line.pid === pid))
      .map(({ taskId }) => taskId);
  const held = (count = tasks) => heldBenchmark(folder, count);
  const connection = () => ({ host: '127.0.0.1', port: redis.port });

  async function expectEachOnce(count = tasks): Promise<void> {
    const run = await StoredRun.open(join(folder, 'store'));
    const finals: string[] = [];
    for await (const { final, taskId } of run.attempts()) if (final) finals.push(taskId);
    expect(finals.sort()).toEqual(run.description.dataset.tasks.map(({ id }) => id).sort());
    const records = await run.records();
    expect(records).toHaveLength(count);
    expect(
      records.every(({ status, earned, available }) => status === 'scored' && earned === available),
    ).toBe(true);
  }

  /** Each attempt's transcript, its own whoever ended it, and its events from its begin to its end. */
  async function expectRecords(): Promise<void> {
    const run = await StoredRun.open(join(folder, 'store'));
    for (const record of await run.records()) {
      const { messages } = (await run.transcript(record)) ?? {};
      expect(messages?.map(({ message }) => message.content)).toEqual([
        expect.stringContaining(`I solve ${record.taskId} in process`),
      ]);
      const types: string[] = [];
      for await (const { type } of run.events(record)) types.push(type);
      expect(types[0]).toBe('task.started');
      expect(types).toContain('scoring.decided');
      expect(types.at(-1)).toBe('task.finished');
      expect(types, 'what only the worker has seen').toContain('phase.finished');
    }
  }

  /** What the only job tells of its spending, once an agent has. */
  async function spentBy(): Promise<{ readonly lost: readonly unknown[] } | undefined> {
    return await inQueue(async (queue) => {
      const { progress } = (await queue.getJobs())[0] ?? {};
      // As `JobSpending` writes it.
      return typeof progress === 'object' && JSON.stringify(progress).includes('"costDollars":0.5')
        ? (progress as { readonly lost: readonly unknown[] })
        : undefined;
    });
  }

  const jobsLeft = () => inQueue(async (queue) => (await queue.getJobs()).length);
  const tellToStop = () =>
    inQueue(async (queue) => {
      for (const { id } of await queue.getJobs()) await queue.addJobLog(id ?? '', cancelLine);
    });
  /** The state of the only job. */
  const jobIs = () => inQueue(async (queue) => (await queue.getJobs())[0]?.getState());
  const isToldToStop = () =>
    inQueue(async (queue) => {
      const [job] = await queue.getJobs();
      return job?.id !== undefined && (await queue.getJobLogs(job.id)).logs.includes(cancelLine);
    });

  async function inQueue<T>(ask: (queue: Queue) => Promise<T>): Promise<T> {
    const queue = new Queue('swelancer', { connection: connection() });
    try {
      return await ask(queue);
    } finally {
      await queue.close();
    }
  }

  it('ends every sample once although a worker, Redis and the coordinator are killed in the middle', async () => {
    // Longer than Redis is away: else those who live would lose what they have, too.
    const startWorker = () => start('worker', tasks, { lockMs: 6_000 });
    const [first] = [startWorker(), startWorker(), startWorker()];
    const coordinator = start('coordinator');
    await until('work of three workers', () => tasksOf('solve').length === 6);
    const lost = tasksOf('solve', first.pid);
    expect(lost).toHaveLength(2);

    await first.kill('SIGKILL');
    await redis.kill();
    await coordinator.kill('SIGKILL');
    await redis.restart();
    const second = start('coordinator');
    // Taken over by workers that have no room yet: it is let go on first.
    open('let-solve');
    open('let-grade');

    expect(await second.ended, second.errors()).toBe(0);
    await expectEachOnce();
    const solved = tasksOf('solve');
    const twice = solved.filter((taskId, index) => solved.indexOf(taskId) !== index);
    expect(twice.sort()).toEqual(lost.sort());
    expect(await jobsLeft()).toBe(0);
  });

  it('only grades what a killed worker had in grading', async () => {
    open('let-solve');
    const first = start('worker', 4, soon);
    const coordinator = start('coordinator', 4);
    await until('grading', () => tasksOf('grade').length === 2);
    const graded = tasksOf('grade');
    await first.kill('SIGKILL');
    open('let-grade');
    start('worker', 4, soon);

    expect(await coordinator.ended, coordinator.errors()).toBe(0);
    await expectEachOnce(4);
    expect(tasksOf('solve').sort()).toEqual(held(4).dataset.ids.toSorted());
    expect(tasksOf('grade').filter((taskId) => graded.includes(taskId))).toHaveLength(4);
    const run = await StoredRun.open(join(folder, 'store'));
    const records = await run.records();
    expect(records.map(({ usage }) => usage.costDollars)).toEqual([0.01, 0.01, 0.01, 0.01]);
    expect(records.map(({ workOf }) => workOf)).toEqual([undefined, undefined, undefined, undefined]);
    expect(
      records.filter(({ lostUsage }) => lostUsage !== undefined),
      'what was kept was not lost',
    ).toEqual([]);
    await expectRecords();
  });

  it('hands over what a worker gives back when it is told to end', async () => {
    const first = start('worker', 4);
    const coordinator = start('coordinator', 4);
    await until('work', () => tasksOf('solve').length === 2);
    expect(await first.kill('SIGTERM')).toBe(0);
    const givenBack = tasksOf('solve', first.pid).sort();
    expect(tasksOf('stopped').sort()).toEqual(givenBack);
    open('let-solve');
    open('let-grade');
    start('worker', 4);

    expect(await coordinator.ended, coordinator.errors()).toBe(0);
    await expectEachOnce(4);
    const records = await (await StoredRun.open(join(folder, 'store'))).records();
    expect(
      records
        .filter(({ lostUsage }) => lostUsage?.costDollars === 0.5)
        .map(({ taskId }) => taskId)
        .sort(),
    ).toEqual(givenBack);
  });

  it('stops the workers when the run is cancelled, and goes on in the next session', async () => {
    start('worker');
    const store = join(folder, 'store');
    await using executor = bullmqExecutor({ connection: connection(), pollMs: 50 });
    const run = runEval({ ...held(), executor, store, concurrency: 6 });
    await until('work', () => tasksOf('solve').length === 2);
    run.cancel();
    const outcome = await run;
    expect(outcome.status).toBe('cancelled');
    expect(tasksOf('stopped').sort()).toEqual(tasksOf('solve').sort());
    expect(await jobsLeft()).toBe(0);

    open('let-solve');
    open('let-grade');
    const rest = await runEval({ ...held(), executor, store, concurrency: 6 });
    expect(rest.status).toBe('completed');
    await expectEachOnce();
  });

  /** What came of the only task in the store: its agent's work was graded once more, and paid once. */
  async function expectWorkKept({ costDollars }: { readonly costDollars: number }): Promise<void> {
    await expectEachOnce(1);
    expect(tasksOf('solve')).toHaveLength(costDollars === 0.01 ? 1 : 2);
    const run = await StoredRun.open(join(folder, 'store'));
    const [record] = await run.records();
    if (record === undefined) throw new Error('The task has no result.');
    expect((await run.transcript(record))?.messages).toHaveLength(1);
    expect(await costOf(run)).toMatchObject({ cost: costDollars, unfinishedAttempts: 0 });
    expect(await jobsLeft()).toBe(0);
  }

  async function costOf(run: StoredRun) {
    const { ended, unfinished } = await run.allAttempts();
    return costSummary(
      await run.records(),
      ended.map(({ result }) => result),
      unfinished,
    );
  }

  it('goes on with the work of an attempt that was cancelled while it was graded, and not waited for', async () => {
    open('let-solve');
    start('worker', 1);
    const store = join(folder, 'store');
    {
      await using hasty = bullmqExecutor({ connection: connection(), pollMs: 50, cancelMs: 1_000 });
      const run = runEval({ ...held(1), executor: hasty, store });
      await until('grading', () => tasksOf('grade').length === 1);
      run.cancel();
      const { status, summary } = await run;
      expect(status).toBe('cancelled');
      expect(summary.cost).toMatchObject({ cost: 0.01, unfinishedAttempts: 1 });
    }
    expect(await (await StoredRun.open(store)).ungraded()).toMatchObject([{ attempt: 1 }]);
    // By then the worker has heard of the cancellation or, on a busy machine, brings the attempt to its result.
    open('let-grade');
    await until('the end of the attempt', async () => (await jobIs()) === 'completed');

    await using executor = bullmqExecutor({ connection: connection(), pollMs: 50 });
    expect((await runEval({ ...held(1), executor, store })).status).toBe('completed');
    await expectWorkKept({ costDollars: 0.01 });
  });

  it('goes on with the work of an attempt whose coordinator was killed while it cancelled', async () => {
    open('let-solve');
    start('worker', 1);
    const coordinator = start('coordinator', 1);
    await until('grading', () => tasksOf('grade').length === 1);
    coordinator.tell('SIGTERM');
    await until('word of the cancellation', isToldToStop);
    await coordinator.kill('SIGKILL');
    await until('the worker to hear of it', () => tasksOf('stop-grading').length === 1);
    open('let-grade');
    await until('the end of the cancelled attempt', async () => (await jobIs()) === 'completed');

    const next = start('coordinator', 1);
    expect(await next.ended, next.errors()).toBe(0);
    await expectWorkKept({ costDollars: 0.01 });
  });

  it('only grades in the next session what was in grading when coordinator and worker were killed', async () => {
    open('let-solve');
    const worker = start('worker', 1, soon);
    const coordinator = start('coordinator', 1);
    await until('grading', () => tasksOf('grade').length === 1);
    await coordinator.kill('SIGKILL');
    await worker.kill('SIGKILL');
    open('let-grade');

    start('worker', 1, soon);
    const next = start('coordinator', 1);
    expect(await next.ended, next.errors()).toBe(0);
    await expectWorkKept({ costDollars: 0.01 });
  });

  it('takes work back that waits in the queue when the run is cancelled', async () => {
    open('let-solve');
    const worker = start('worker', 1);
    const store = join(folder, 'store');
    await using executor = bullmqExecutor({ connection: connection(), pollMs: 50 });
    const run = runEval({ ...held(1), executor, store });
    await until('grading', () => tasksOf('grade').length === 1);
    worker.tell('SIGTERM');
    await until('the worker to give back what it has', () => tasksOf('gives-back').length === 1);
    open('let-grade');
    await worker.ended;
    expect(await jobIs()).toBe('waiting');
    run.cancel();
    expect((await run).summary.cost).toMatchObject({ cost: 0.01, attempts: 1 });
    expect(await jobsLeft()).toBe(0);

    rmSync(join(folder, 'let-grade'));
    const second = start('worker', 1);
    const rest = runEval({ ...held(1), executor, store });
    await until('grading', () => tasksOf('grade').length === 2);
    second.tell('SIGTERM');
    await until('the worker to give back what it has', () => tasksOf('gives-back').length === 2);
    open('let-grade');
    await second.ended;
    start('worker', 1);
    const { records } = await rest;
    expect(records[0]?.lostUsage, 'grading has spent nothing').toBeUndefined();
    await expectWorkKept({ costDollars: 0.01 });
  });

  it('ends within its own time when it is cancelled while Redis does not answer', {
    timeout: 20_000,
  }, async () => {
    start('worker', 1);
    await using executor = bullmqExecutor({ connection: connection(), pollMs: 50, cancelMs: 100 });
    const run = runEval({ ...held(1), executor, store: join(folder, 'store') });
    await until('work', () => tasksOf('solve').length === 1);
    redis.stopAnswering();
    run.cancel();
    expect((await run).status).toBe('cancelled');
  });

  it('begins nothing of an attempt that was cancelled before a worker took it', async () => {
    const coordinator = start('coordinator', 1);
    await until('the job', async () => (await jobsLeft()) === 1);
    await coordinator.kill('SIGKILL');
    await tellToStop();
    start('worker', 1);
    await until('the end of the cancelled attempt', async () => (await jobIs()) === 'completed');
    expect(log()).toEqual([]);

    open('let-solve');
    open('let-grade');
    const next = start('coordinator', 1);
    expect(await next.ended, next.errors()).toBe(0);
    await expectWorkKept({ costDollars: 0.01 });
  });

  it('counts what was spent on an attempt that waits for another worker when the run is cancelled', async () => {
    const worker = start('worker', 1);
    const store = join(folder, 'store');
    await using executor = bullmqExecutor({ connection: connection(), pollMs: 50 });
    const run = runEval({ ...held(1), executor, store });
    await until('work', () => tasksOf('solve').length === 1);
    await worker.kill('SIGTERM');
    expect(await jobIs()).toBe('waiting');
    run.cancel();
    expect((await run).summary.cost).toMatchObject({ cost: 0.5, attempts: 1 });
    expect(await jobsLeft()).toBe(0);

    open('let-solve');
    open('let-grade');
    start('worker', 1);
    expect((await runEval({ ...held(1), executor, store })).status).toBe('completed');
    await expectWorkKept({ costDollars: 0.51 });
  });

  it('leaves the jobs to the process that has taken the folder over', async () => {
    const store = join(folder, 'store');
    await using executor = bullmqExecutor({ connection: connection(), pollMs: 50 });
    const run = runEval({ ...held(), executor, store, concurrency: 6 });
    await until('the jobs', async () => (await jobsLeft()) === 6);
    rmSync(join(store, 'lock'));
    await expect(run).rejects.toMatchObject({ code: 'store', problem: 'lost' });
    expect(await jobsLeft()).toBe(6);
  });

  it('gives an attempt up as an error when its workers keep dying', async () => {
    await using executor = bullmqExecutor({ connection: connection(), pollMs: 50 });
    const run = runEval({ ...held(1), executor });
    for (let deaths = 1; deaths <= 4; deaths++) {
      const worker = start('worker', 1, soon);
      await until('work', () => tasksOf('solve').length === deaths);
      await until('word of what it spends', async () => (await spentBy())?.lost.length === deaths - 1);
      await worker.kill('SIGKILL');
    }
    start('worker', 1, soon);
    const { records, summary } = await run;
    expect(records).toMatchObject([{ status: 'error', error: { code: 'queue', retryable: false } }]);
    expect(records[0]?.lostUsage).toEqual({ modelCalls: 4, inputTokens: 200, costDollars: 2 });
    expect(summary.cost).toMatchObject({ attempts: 1, cost: 2, usage: { inputTokens: 200 } });
    expect(tasksOf('solve')).toHaveLength(4);
  });

  it('keeps the work of an attempt that it gives up, to be graded later', async () => {
    open('let-solve');
    const store = join(folder, 'store');
    await using executor = bullmqExecutor({ connection: connection(), pollMs: 50 });
    const run = runEval({ ...held(1), executor, store });
    const first = start('worker', 1, { ...soon, takeovers: 0 });
    await until('grading', () => tasksOf('grade').length === 1);
    await first.kill('SIGKILL');
    start('worker', 1, { ...soon, takeovers: 0 });
    const { records, summary } = await run;
    expect(records).toMatchObject([{ status: 'error', error: { code: 'queue' } }]);
    expect(summary.cost).toMatchObject({ attempts: 1, cost: 0.01 });

    open('let-grade');
    const { dataset, runtime } = held(1);
    await gradeRun(store, { dataset, runtime });
    const stored = await StoredRun.open(store);
    expect(await stored.records()).toMatchObject([{ status: 'scored', earned: 100, workOf: 1 }]);
    expect(await costOf(stored)).toMatchObject({ cost: 0.01, unfinishedAttempts: 0 });
    expect(tasksOf('solve')).toHaveLength(1);
  });

  it('ends with the reason when a worker was started for another run, and goes on without that worker', async () => {
    const wrong = start('worker', 3);
    const store = join(folder, 'store');
    await using executor = bullmqExecutor({ connection: connection(), pollMs: 50 });
    const options = { ...held(4), executor, store };
    await expect(runEval(options)).rejects.toThrow(/refused task .*: the dataset has other tasks\. Start it/);
    expect(log()).toEqual([]);
    expect(await jobsLeft()).toBe(0);

    await wrong.kill('SIGTERM');
    start('worker', 4);
    open('let-solve');
    open('let-grade');
    expect((await runEval(options)).status).toBe('completed');
    await expectEachOnce(4);
  });
});
