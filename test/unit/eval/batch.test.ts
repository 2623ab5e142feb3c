import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Agent,
  type BatchOptions,
  costSummary,
  giveBackJobs,
  gradeRun,
  mergeOutcomes,
  pendingJobs,
  runSampleJob,
  type SampleJob,
  type SampleJobOptions,
  sampleJobId,
  sampleJobSchema,
  type SampleOutcome,
  type SampleRecords,
  StoredRun,
  type UngradedResult,
} from '../../../src/index.js';
import { fakeBenchmarkRuntime, fakeSolver, fakeTasks, lost } from '../../fixtures/fake-benchmark.js';

describe('an evaluation that is handed out and collected', () => {
  let store: string;
  beforeEach(() => {
    store = mkdtempSync(join(tmpdir(), 'swelancer-batch-'));
  });
  afterEach(() => rmSync(store, { recursive: true, force: true }));

  const evaluation = (more: Partial<BatchOptions> = {}): BatchOptions => ({
    dataset: fakeTasks(3),
    agent: fakeSolver,
    runtime: fakeBenchmarkRuntime(),
    store,
    ...more,
  });
  /** As another process gets and gives them. */
  const overJson = <T>(value: T): unknown => JSON.parse(JSON.stringify(value));
  const run = (job: SampleJob, options: BatchOptions & Partial<SampleJobOptions>): Promise<SampleOutcome> =>
    runSampleJob(sampleJobSchema.parse(overJson(job)), options);
  /** Of the same name, and there to fail a test that has it work. */
  const noAgent: Agent = {
    name: fakeSolver.name,
    solve: async () => {
      throw new Error('The agent was not to work.');
    },
  };
  const runAll = async (jobs: readonly SampleJob[], options: BatchOptions) =>
    (await Promise.all(jobs.map((job) => run(job, options)))).map(overJson);

  it('takes each outcome once, whatever is given, and leaves foreign ones alone', async () => {
    const options = evaluation();
    const jobs = await pendingJobs(options);
    const outcomes = await runAll(jobs, options);
    const foreign = { ...(outcomes[0] as SampleOutcome), runId: 'another' };
    expect(await mergeOutcomes([...outcomes, ...outcomes, foreign, { half: 'an outcome' }], options)).toEqual(
      {
        finished: 3,
        again: 0,
        unfinished: 0,
        repeated: 3,
        foreign: 2,
        incomplete: 0,
      },
    );
    expect(await pendingJobs(options)).toEqual([]);
    const records = await (await StoredRun.open(store)).records();
    expect(records.map(({ earned }) => earned)).toEqual([100, 200, 300]);
  });

  it('hands out an attempt that does not come back three times, and then has an error of it', async () => {
    const options = evaluation();
    const [first, ...later] = [
      await pendingJobs(options),
      await pendingJobs(options),
      await pendingJobs(options),
    ];
    for (const jobs of later) expect(jobs.map(sampleJobId)).toEqual(first.map(sampleJobId));
    // One comes back after all.
    await mergeOutcomes(await runAll(first.slice(0, 1), options), options);
    expect(await pendingJobs(options)).toEqual([]);
    const run = await StoredRun.open(store);
    const records = await run.records();
    expect(records).toMatchObject([
      { status: 'scored' },
      { status: 'error', attempt: 2, error: { code: 'process_died', retryable: false } },
      { status: 'error', attempt: 2, error: { message: expect.stringMatching(/died 3 times in a row/) } },
    ]);
    // What comes later still changes nothing, and whoever wants may begin again.
    const late = await runAll(first.slice(1), options);
    expect(await mergeOutcomes(late, options)).toMatchObject({ finished: 0, repeated: 2 });
    const again = await pendingJobs({ ...options, rerunErrors: true, retries: { deaths: 1 } });
    expect(again.map(({ attempt }) => attempt)).toEqual([3, 3]);
    expect(await pendingJobs({ ...options, retries: { deaths: 2 } })).toHaveLength(2);
    expect(await pendingJobs({ ...options, retries: { deaths: 2 } })).toEqual([]);
  });

  it('counts no death where nobody got what was handed out, and hands it out under the same id', async () => {
    const options = evaluation({ retries: { deaths: 2 } });
    const ids: string[][] = [];
    for (let round = 0; round < 4; round++) {
      const jobs = await pendingJobs(options);
      ids.push(jobs.map(sampleJobId));
      await giveBackJobs(jobs, options);
      await giveBackJobs(jobs, options);
    }
    expect(new Set(ids.map((round) => round.join())).size).toBe(1);
    expect(ids[0]).toHaveLength(3);
    const stored = await StoredRun.open(store);
    expect(await stored.unfinishedAttempts(), 'nobody was at work').toEqual([]);

    // Of one it was not so: it was under way, and brings its result.
    const [first, ...others] = await pendingJobs(options);
    await giveBackJobs([first!], options);
    expect(await mergeOutcomes(await runAll([first!], options), options)).toMatchObject({ finished: 1 });
    await giveBackJobs([first!], options);
    expect(await stored.unfinishedAttempts()).toMatchObject([{ taskId: '1_1' }, { taskId: '2_1' }]);

    // Deaths of others count as ever, also with one in between that nobody got.
    const again = await pendingJobs(options);
    expect(again.map(sampleJobId)).toEqual(others.map(sampleJobId));
    await giveBackJobs(again, options);
    expect(await stored.unfinishedAttempts(), 'they had been handed out before').toHaveLength(2);
    expect(await pendingJobs(options)).toHaveLength(2);
    expect(await pendingJobs(options)).toEqual([]);
    expect(await stored.records()).toMatchObject([
      { status: 'scored' },
      { error: { message: expect.stringMatching(/died 2 times in a row/) } },
      { error: { code: 'process_died' } },
    ]);
  });

  it('counts what somebody spent who got a job after it was given back', async () => {
    const options = evaluation();
    const jobs = await pendingJobs(options);
    await giveBackJobs(jobs, options);
    const [job] = jobs;
    const { schema, runId, taskId, epoch, attempt } = job!;
    const outcome = {
      ...{ schema, runId, taskId, epoch, attempt },
      type: 'unfinished',
      spent: [{ costDollars: 5 }],
    };
    await mergeOutcomes([outcome], options);
    const stored = await StoredRun.open(store);
    expect(await stored.unfinishedAttempts()).toMatchObject([{ taskId, usage: { costDollars: 5 } }]);
  });

  it('takes nothing back that is of another run', async () => {
    const options = evaluation();
    const [first] = await pendingJobs(options);
    await expect(giveBackJobs([{ ...first!, runId: 'another' }], options)).rejects.toThrow(
      /task 0_1 is of the run another, and .* holds the run/,
    );
  });

  it('finishes nothing by an outcome whose parts are about different attempts', async () => {
    const options = evaluation();
    const jobs = await pendingJobs(options);
    const [first, second] = await runAll(jobs, options);
    const work = await workOf(jobs[1]!, options);
    const unfinished = { ...(first as SampleOutcome), type: 'unfinished', result: undefined, spent: [] };
    const mixed = [
      { ...(second as SampleOutcome), taskId: '0_1' },
      { ...(first as SampleOutcome), result: { ...(first as { result: object }).result, attempt: 2 } },
      { ...unfinished, work },
    ].map(overJson);
    const none = { finished: 0, again: 0, unfinished: 0, repeated: 0, incomplete: 0 };
    expect(await mergeOutcomes(mixed, options)).toEqual({ ...none, foreign: 3 });
    const stored = await StoredRun.open(store);
    expect([await stored.records(), await stored.ungraded()]).toEqual([[], []]);
    expect(await mergeOutcomes([first, second], options)).toMatchObject({ finished: 2, foreign: 0 });
  });

  describe('with what was said and done', () => {
    const talker = (characters: number): Agent => ({
      name: fakeSolver.name,
      solve: async (context) => {
        const time = new Date().toISOString();
        await context.transcript?.write({
          type: 'start',
          schema: 1,
          time,
          agent: 'talker',
          agentVersion: '1',
          taskId: context.task.id,
          promptVersion: '1',
        });
        // Nothing of it can be compressed.
        const content = `first ${randomBytes(characters / 2).toString('hex')} last`;
        await context.transcript?.write({
          type: 'message',
          time,
          turn: 1,
          message: { role: 'user', content },
        });
        return await fakeSolver.solve(context);
      },
    });
    const sizes = async (options: BatchOptions & Pick<SampleJobOptions, 'recordBytes' | 'sharedStore'>) => {
      const outcomes = await runAll(await pendingJobs(options), options);
      const report = await mergeOutcomes(outcomes, options);
      const run = await StoredRun.open(store);
      const [record] = await run.records();
      if (record === undefined) throw new Error('Nothing was finished.');
      const transcript = await run.transcript(record);
      const events: string[] = [];
      for await (const { type } of run.events(record)) events.push(type);
      return {
        bytes: JSON.stringify(outcomes[0]).length,
        report,
        said: transcript?.messages.map(({ message }) => JSON.stringify(message.content)).join(''),
        events,
      };
    };
    const options = () => evaluation({ dataset: fakeTasks(1) });

    it('carries it into the store', async () => {
      const { said, events, report } = await sizes({ ...options(), agent: talker(10_000) });
      expect(said).toMatch(/^"first [0-9a-f]{10000} last"$/);
      expect(events[0]).toBe('task.started');
      expect(events).toContain('patch.extracted');
      expect(events.at(-1)).toBe('task.finished');
      expect(report.incomplete).toBe(0);
    });

    it('cuts long texts until they fit, and says so in them', async () => {
      const { bytes, said, report } = await sizes({
        ...options(),
        agent: talker(200_000),
        recordBytes: 10_000,
      });
      expect(bytes).toBeLessThan(20_000);
      expect(said).toMatch(/^"first [0-9a-f]+\\n\[… \d+ characters left out …\]\\n[0-9a-f]+ last"$/);
      expect(report.incomplete).toBe(0);
    });

    it('leaves out what does not fit however it is cut, and counts it', async () => {
      const { said, events, report } = await sizes({ ...options(), agent: talker(200), recordBytes: 100 });
      expect([said, events]).toEqual([undefined, []]);
      expect(report).toMatchObject({ finished: 1, incomplete: 1 });
    });

    it('puts it where it belongs over a shared disk, whole', async () => {
      const shared = { ...options(), agent: talker(200_000), recordBytes: 10_000, sharedStore: store };
      const { bytes, said, events } = await sizes(shared);
      expect(bytes).toBeLessThan(10_000);
      expect(said).toMatch(/^"first [0-9a-f]{200000} last"$/);
      expect(events.at(-1)).toBe('task.finished');
    });

    it('is refused where the shared folder is that of another run', async () => {
      const [job] = await pendingJobs(options());
      const elsewhere = { ...options(), sharedStore: join(store, 'nowhere') };
      expect(await run(job!, elsewhere)).toMatchObject({
        type: 'refused',
        reason: expect.stringContaining('no run'),
      });
      const other = { ...job!, runId: 'another' };
      expect(await run(other, { ...options(), sharedStore: store })).toMatchObject({
        type: 'refused',
        reason: expect.stringContaining('another run'),
      });
    });

    it('keeps what the agent said when another process only grades', async () => {
      const [job] = await pendingJobs(options());
      let taken: Partial<SampleJob> = {};
      const died = new Error('the process dies');
      const dying = {
        ...options(),
        agent: talker(100),
        checkpoint: async (saved: UngradedResult, records: SampleRecords | undefined) => {
          taken = { saved, records };
          throw died;
        },
      };
      await run(job!, dying);
      const outcome = await run({ ...job!, ...taken }, options());
      await mergeOutcomes([overJson(outcome)], options());
      const stored = await StoredRun.open(store);
      const [record] = await stored.records();
      expect((await stored.transcript(record!))?.messages).toHaveLength(1);
      const types: string[] = [];
      for await (const { type } of stored.events(record!)) types.push(type);
      expect(types).toContain('patch.extracted');
      expect(types).toContain('scoring.decided');
    });
  });

  it('hands out under the same id what has not come back', async () => {
    const options = evaluation();
    const first = await pendingJobs(options);
    await mergeOutcomes(await runAll(first.slice(0, 1), options), options);
    const second = await pendingJobs(options);
    expect(second.map(sampleJobId)).toEqual(first.slice(1).map(sampleJobId));
  });

  it('hands out again after a fault, and only to be graded where the work is there', async () => {
    const broken = evaluation({
      runtime: fakeBenchmarkRuntime({
        on: ({ label }) => (label === 'end-to-end tests' ? lost() : undefined),
      }),
    });
    const report = await mergeOutcomes(await runAll(await pendingJobs(broken), broken), broken);
    expect(report).toMatchObject({ finished: 0, again: 3 });
    const solved: string[] = [];
    const options = evaluation({
      agent: {
        name: fakeSolver.name,
        solve: async (context) => {
          solved.push(context.task.id);
          return await fakeSolver.solve(context);
        },
      },
    });
    const again = await pendingJobs(options);
    expect(again.map(({ attempt }) => attempt)).toEqual([2, 2, 2]);
    await mergeOutcomes(await runAll(again, options), options);
    expect(solved).toEqual([]);
    const records = await (await StoredRun.open(store)).records();
    expect(records.map(({ status, workOf }) => [status, workOf])).toEqual([
      ['scored', 1],
      ['scored', 1],
      ['scored', 1],
    ]);
  });

  it('has the agent work again where its saved work is damaged, as a new attempt', async () => {
    const options = evaluation({
      dataset: fakeTasks(1),
      retries: { attempts: 0 },
      runtime: fakeBenchmarkRuntime({
        on: ({ label }) => (label === 'end-to-end tests' ? lost() : undefined),
      }),
    });
    await mergeOutcomes(await runAll(await pendingJobs(options), options), options);
    const work = join(store, 'attempts', '0_1', 'epoch-1', 'attempt-1', 'work.json');
    writeFileSync(work, '{"torn');
    const failing: Agent = {
      name: fakeSolver.name,
      solve: async () => {
        throw lost();
      },
    };
    const outcomes = await runAll(await pendingJobs(options), { ...options, agent: failing });
    expect(await mergeOutcomes(outcomes, options)).toMatchObject({ finished: 1, again: 0 });
  });

  it('ends when workers had other settings, says which, keeps what the others did, and goes on', async () => {
    const options = evaluation();
    const other = evaluation({ grading: 'in-place', configuration: { model: 'other' } });
    const [first, second, third] = await pendingJobs(options);
    const outcomes = [...(await runAll([first!, second!], other)), ...(await runAll([third!], options))];
    await expect(mergeOutcomes(outcomes, options)).rejects.toThrow(
      /refused task 0_1 and 1 more.*grading was "fresh" and is "in-place"; model was not set and is "other"/,
    );
    expect((await (await StoredRun.open(store)).records()).map(({ taskId }) => taskId)).toEqual(['2_1']);
    expect(await mergeOutcomes(outcomes, options)).toMatchObject({ finished: 0, again: 0, repeated: 3 });
    const again = await pendingJobs(options);
    expect(again.map(({ taskId }) => taskId)).toEqual(['0_1', '1_1']);
    expect(await mergeOutcomes(await runAll(again, options), options)).toMatchObject({ finished: 2 });
    const records = await (await StoredRun.open(store)).records();
    expect(records.map(({ earned }) => earned)).toEqual([100, 200, 300]);
  });

  it('does not take it for a death when a worker refuses', async () => {
    const options = evaluation({ dataset: fakeTasks(1), retries: { deaths: 1 } });
    for (let round = 0; round < 3; round++) {
      const refused = await runAll(await pendingJobs(options), { ...options, limits: { turns: 99 } });
      await expect(mergeOutcomes(refused, options)).rejects.toThrow(/limits\.turns was not set and is 99/);
    }
    expect(await mergeOutcomes(await runAll(await pendingJobs(options), options), options)).toMatchObject({
      finished: 1,
    });
  });

  /** What an attempt keeps before its process dies. */
  async function workOf(job: SampleJob, options: BatchOptions): Promise<UngradedResult | undefined> {
    let saved: UngradedResult | undefined;
    const checkpoint = async (work: UngradedResult) => {
      saved = work;
      throw new Error('the process dies');
    };
    await run(job, { ...options, checkpoint });
    return saved;
  }

  async function costInStore() {
    const stored = await StoredRun.open(store);
    const { ended, unfinished } = await stored.allAttempts();
    return costSummary(
      await stored.records(),
      ended.map(({ result }) => result),
      unfinished,
    );
  }

  it('keeps the work and the spending of an attempt that never ends', async () => {
    const options = evaluation({ dataset: fakeTasks(1), retries: { deaths: 1 } });
    const [job] = await pendingJobs(options);
    const { schema, runId, taskId, epoch, attempt } = job!;
    const unfinished: SampleOutcome = {
      ...{ schema, runId, taskId, epoch, attempt },
      type: 'unfinished',
      work: await workOf(job!, options),
      spent: [{ costDollars: 0.5 }],
    };
    const report = await mergeOutcomes([overJson(unfinished), overJson(unfinished)], options);
    expect(report).toMatchObject({ finished: 0, again: 0, unfinished: 2, repeated: 0, foreign: 0 });
    expect(await pendingJobs(options)).toEqual([]);
    expect(await (await StoredRun.open(store)).records()).toMatchObject([
      { error: { code: 'process_died' } },
    ]);
    expect(await costInStore()).toMatchObject({ cost: 0.51, unfinishedCost: 0.51 });

    const { dataset, runtime } = options;
    expect((await gradeRun(store, { dataset, runtime })).records).toMatchObject([{ earned: 100, workOf: 1 }]);
    expect(await mergeOutcomes([overJson(unfinished)], options)).toMatchObject({
      unfinished: 0,
      repeated: 1,
    });
    expect(await costInStore()).toMatchObject({ cost: 0.51, unfinishedCost: 0.5 });
  });

  it('counts once what was told as lost before it was in the work', async () => {
    const options = evaluation({ dataset: fakeTasks(1), retries: { deaths: 1 } });
    const [job] = await pendingJobs(options);
    const { schema, runId, taskId, epoch, attempt } = job!;
    const key = { ...{ schema, runId, taskId, epoch, attempt }, type: 'unfinished' } as const;
    const early: SampleOutcome = { ...key, spent: [{ costDollars: 0.005 }] };
    const late: SampleOutcome = { ...key, work: await workOf(job!, options), spent: [] };
    await mergeOutcomes([overJson(early)], options);
    expect(await costInStore()).toMatchObject({ cost: 0.005 });
    await mergeOutcomes([overJson(late)], options);
    expect(await costInStore()).toMatchObject({ cost: 0.01, unfinishedCost: 0.01 });
  });

  it('hands out the work of an attempt that was taken back while it waited, and counts what it had cost', async () => {
    const options = evaluation({ dataset: fakeTasks(1) });
    const [job] = await pendingJobs(options);
    const { schema, runId, taskId, epoch, attempt } = job!;
    const withdrawn: SampleOutcome = {
      ...{ schema, runId, taskId, epoch, attempt },
      type: 'withdrawn',
      work: await workOf(job!, options),
      lostUsage: { costDollars: 0.5 },
    };
    expect(await mergeOutcomes([overJson(withdrawn)], options)).toMatchObject({ again: 1 });
    const [again] = await pendingJobs(options);
    await mergeOutcomes(await runAll([again!], { ...options, agent: noAgent }), options);
    expect(await (await StoredRun.open(store)).records()).toMatchObject([
      { earned: 100, workOf: 1, attempt: 2 },
    ]);
    expect(await costInStore()).toMatchObject({ cost: 0.51, unfinishedAttempts: 0 });
  });

  it('keeps the work and the spending of who had the attempt before the one that refuses it', async () => {
    const options = evaluation({ dataset: fakeTasks(1) });
    const [job] = await pendingJobs(options);
    const saved = await workOf(job!, options);
    const lostUsage = [{ costDollars: 0.5 }];
    const refused = await run({ ...job!, saved }, { ...options, limits: { turns: 99 }, lostUsage });
    await expect(mergeOutcomes([overJson(refused)], options)).rejects.toThrow(/refused task 0_1, since/);
    const [again] = await pendingJobs(options);
    await mergeOutcomes(await runAll([again!], { ...options, agent: noAgent }), options);
    const stored = await StoredRun.open(store);
    expect(await stored.records()).toMatchObject([{ status: 'scored', earned: 100, workOf: 1, attempt: 2 }]);
    expect(await costInStore()).toMatchObject({ cost: 0.51 });
  });
});
