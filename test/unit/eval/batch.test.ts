import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type BatchOptions,
  mergeOutcomes,
  pendingJobs,
  runSampleJob,
  type SampleJob,
  sampleJobId,
  sampleJobSchema,
  type SampleOutcome,
  StoredRun,
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
  const run = (job: SampleJob, options: BatchOptions): Promise<SampleOutcome> =>
    runSampleJob(sampleJobSchema.parse(overJson(job)), options);
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
        repeated: 3,
        foreign: 2,
      },
    );
    expect(await pendingJobs(options)).toEqual([]);
    const records = await (await StoredRun.open(store)).records();
    expect(records.map(({ earned }) => earned)).toEqual([100, 200, 300]);
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

  it('ends when a worker had other settings, and says which', async () => {
    const options = evaluation();
    const jobs = await pendingJobs(options);
    const outcomes = await runAll(
      jobs,
      evaluation({ grading: 'in-place', configuration: { model: 'other' } }),
    );
    await expect(mergeOutcomes(outcomes, options)).rejects.toThrow(
      /refused task 0_1.*grading was "fresh" and is "in-place"; model was not set and is "other"/,
    );
    expect(await pendingJobs(options)).toHaveLength(3);
  });
});
