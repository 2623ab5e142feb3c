// What is in the file is looked at as it is: a type of ours would only repeat what the writer believes.
/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigurationError, runEval, RunStore, StoredRun } from '../../../src/index.js';
import { inspectLogName, writeInspectLog } from '../../../src/report/inspect/index.js';
import { conversingRun, conversingTasks, longText } from '../../fixtures/conversing-run.js';
import { fakeBenchmarkRuntime, fakeSolver, fakeTasks } from '../../fixtures/fake-benchmark.js';
import { type ZipMember, zipMembers } from '../../fixtures/zip-members.js';

/** JSON of a log, for looking into. */
type Json = any;

const folder = mkdtempSync(join(tmpdir(), 'swelancer-inspect-'));
const store = join(folder, 'run');
const file = join(folder, 'log.eval');
let members: readonly ZipMember[];
let commentBytes: number;

const read = (name: string): Json =>
  JSON.parse(members.find((member) => member.name === name)?.text ?? 'null');
const sample = (id: string, epoch = 1): Json => read(`samples/${id}_epoch_${epoch}.json`);
const events = (id: string, kind: string): Json[] =>
  sample(id).events.filter(({ event }: { event: string }) => event === kind);
/** Every value in a JSON text, however deep. */
function* values(value: Json): Generator<Json> {
  yield value;
  if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) yield* values(member);
}

beforeAll(async () => {
  await conversingRun(store);
  await writeInspectLog(store, file, {
    invalidated: [{ taskId: conversingTasks.fixed, epoch: 2, author: 'Ada', reason: 'wrong image' }],
  });
  ({ members, commentBytes } = zipMembers(readFileSync(file)));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the zip of an Inspect log', () => {
  it('has deflated members with their sizes before the data, and no comment', () => {
    expect(commentBytes).toBe(0);
    for (const { flags, method, localSize, text } of members) {
      expect(flags & 0b1000).toBe(0);
      expect(method).toBe(8);
      expect(localSize).toBe(Buffer.byteLength(text));
    }
  });

  it('begins with what the run is, has a member for each task and epoch, and ends with the header', () => {
    const names = members.map(({ name }) => name);
    const samples = Object.values(conversingTasks).flatMap((id) =>
      [1, 2].map((epoch) => `samples/${id}_epoch_${epoch}.json`),
    );
    expect(names).toEqual([
      '_journal/start.json',
      ...samples,
      'summaries.json',
      'reductions.json',
      'header.json',
    ]);
  });

  it('leaves nothing beside it, and nothing at all where it fails', async () => {
    expect(readdirSync(folder).sort()).toEqual(['log.eval', 'run']);
    const broken = join(folder, 'broken.eval');
    const failing = Object.assign(await StoredRun.open(store), {
      result: () => Promise.reject(new Error('a mistake')),
    });
    await expect(writeInspectLog(failing, broken)).rejects.toThrow('a mistake');
    expect(readdirSync(folder).sort()).toEqual(['log.eval', 'run']);
  });

  it('goes into a folder that is not there yet', async () => {
    const file = join(folder, 'logs', 'new', 'log.eval');
    expect(await writeInspectLog(store, file)).toMatchObject({ file });
    expect(readdirSync(join(folder, 'logs', 'new'))).toEqual(['log.eval']);
    rmSync(join(folder, 'logs'), { recursive: true });
  });

  it('is refused where an option is none, or something is invalidated that is not there', async () => {
    const write = async (options: object) => writeInspectLog(store, join(folder, 'refused.eval'), options);
    await expect(write({ modle: 'x/y' })).rejects.toThrow('did you mean `model`?');
    const invalidated = [{ taskId: conversingTasks.fixed, epoch: 9, author: 'Ada', reason: 'wrong image' }];
    await expect(write({ invalidated })).rejects.toThrow(`no task ${conversingTasks.fixed} in epoch 9`);
  });

  it('tells of an attempt without the files that cannot be read, warns, and names them', async () => {
    const damaged = join(folder, 'damaged');
    const log = join(folder, 'damaged.eval');
    cpSync(store, damaged, { recursive: true });
    const files = (id: string) => join(damaged, 'attempts', id, 'epoch-1/attempt-1');
    const [result, transcript] = [
      join(files(conversingTasks.fixed), 'result.json'),
      join(files(conversingTasks.mixed), 'transcript.jsonl'),
    ];
    writeFileSync(result, readFileSync(result).subarray(0, 20));
    writeFileSync(transcript, 'xx\n');
    const written = await writeInspectLog(damaged, log);
    expect(written).toMatchObject({ samples: 16, unreadable: [result, transcript].sort() });
    const contents = zipMembers(readFileSync(log)).members;
    const member = (id: string): Json =>
      JSON.parse(contents.find(({ name }) => name === `samples/${id}_epoch_1.json`)?.text ?? 'null');
    expect(member(conversingTasks.fixed)).toMatchObject({
      scores: sample(conversingTasks.fixed).scores,
      metadata: {
        patch: sample(conversingTasks.fixed).metadata.patch,
        warnings: [{ code: 'store', details: { problem: 'unreadable' } }],
      },
    });
    expect(member(conversingTasks.mixed)).toMatchObject({ messages: [], metadata: { warnings: [{}] } });
    rmSync(damaged, { recursive: true });
    rmSync(log);
  });

  it('is refused under another name', async () => {
    await expect(writeInspectLog(store, join(folder, 'log.json'))).rejects.toThrow(ConfigurationError);
  });
});

describe('the header of an Inspect log', () => {
  it('has every member that one of the readers needs', () => {
    const { version, status, eval: spec, plan, stats, results } = read('header.json');
    expect([version, status]).toEqual([2, 'success']);
    expect(spec).toMatchObject({
      task: 'swelancer',
      task_display_name: 'A conversing run',
      model: 'scripted-1',
      solver: 'converser',
      config: { epochs: 2, epochs_reducer: ['mean', 'pass_at_2'] },
      dataset: {
        name: 'SWE-Lancer',
        samples: 8,
        sample_ids: Object.values(conversingTasks),
        shuffled: false,
      },
    });
    for (const id of [spec.eval_id, spec.run_id, spec.task_id]) expect(id).toMatch(/^[0-9a-z]{22}$/);
    expect(plan.steps[0].solver).toBe('converser');
    expect(Date.parse(stats.completed_at)).toBeGreaterThanOrEqual(Date.parse(stats.started_at));
    expect(results).toMatchObject({ total_samples: 16, completed_samples: 14 });
    expect(read('_journal/start.json').eval).toEqual(spec);
  });

  it('says dollars and shares by our own metrics, for each reducer', () => {
    const { scores, metadata } = read('header.json').results;
    expect(scores.map(({ name, reducer }: Json) => [name, reducer])).toEqual([
      ['earned', 'mean'],
      ['correct', 'mean'],
      ['correct', 'pass_at_2'],
    ]);
    expect(scores[0].metrics).toMatchObject({ earned: { value: 5_000 }, available: { value: 7_200 } });
    expect(scores[1].metrics.accuracy.value).toBeCloseTo(11 / 14);
    expect(scores[1].metrics.accuracy_over_all.value).toBeCloseTo(11 / 16);
    expect(scores[2].metrics.accuracy.value).toBeCloseTo(6 / 7);
    for (const { scored_samples, unscored_samples } of scores) {
      expect([scored_samples, unscored_samples]).toEqual([14, 2]);
    }
    expect(metadata.swelancer.overall.earned).toBe(5_000);
  });

  it('reduces epochs for tasks with a score, and leaves the others out', () => {
    const [earned, correct, passAt] = read('reductions.json');
    expect(earned.samples).toContainEqual({ sample_id: conversingTasks.mixed, value: 300 });
    expect(correct.samples).toContainEqual({ sample_id: conversingTasks.mixed, value: 0.5 });
    expect(passAt.samples).toContainEqual({ sample_id: conversingTasks.mixed, value: 1 });
    expect(JSON.stringify([earned, correct, passAt])).not.toContain(conversingTasks.lost);
  });

  it('counts what every attempt spent, also those whose work is lost', () => {
    // 12 samples of four calls, two of five, and three calls before a computer was lost.
    expect(read('header.json').stats.model_usage).toEqual({
      'scripted-1': {
        input_tokens: 61 * 400,
        input_tokens_cache_read: 61 * 600,
        output_tokens: 61 * 50,
        total_tokens: 61 * 1_050,
        reasoning_tokens: 61 * 20,
        total_cost: 61 * 0.25,
      },
    });
  });

  it('marks results that somebody has invalidated', () => {
    expect(read('header.json').invalidated).toBe(true);
    expect(sample(conversingTasks.fixed, 2).invalidation).toMatchObject({
      author: 'Ada',
      reason: 'wrong image',
    });
    expect(sample(conversingTasks.fixed, 1).invalidation).toBeUndefined();
  });
});

describe('a sample of an Inspect log', () => {
  it('has every member that one of the readers needs, as its summary has', () => {
    const summaries: Json[] = read('summaries.json');
    expect(summaries).toHaveLength(16);
    for (const summary of summaries) {
      const whole = sample(summary.id, summary.epoch);
      for (const name of ['id', 'epoch', 'target', 'uuid', 'started_at', 'completed_at', 'total_time']) {
        expect(whole[name]).toEqual(summary[name]);
        expect(whole[name]).toBeDefined();
      }
      for (const name of ['input', 'metadata', 'store', 'events', 'messages', 'output', 'attachments']) {
        expect(whole[name]).toBeDefined();
      }
      expect(summary.completed).toBe(true);
    }
  });

  it('scores dollars and 0 or 1, and an errored one not at all', () => {
    const { scores } = sample(conversingTasks.fixed);
    expect([scores.earned.value, scores.correct.value]).toEqual([100, 1]);
    expect(sample(conversingTasks.limited).scores.correct.value).toBe(0);
    const { scores: none, error, error_retries } = sample(conversingTasks.lost);
    expect(none).toBeUndefined();
    for (const each of [error, ...error_retries]) {
      expect(Object.keys(each).sort()).toEqual(['message', 'traceback', 'traceback_ansi']);
    }
    expect(error.message).toBe('computer_lost: The link broke.');
  });

  it('tells of attempts that were made again, of graded work too', () => {
    expect(sample(conversingTasks.retried).error_retries).toHaveLength(1);
    const regraded = sample(conversingTasks.regraded);
    expect(regraded.error_retries).toHaveLength(1);
    expect(regraded.messages.length).toBeGreaterThan(4);
    expect(events(conversingTasks.regraded, 'model')).toHaveLength(4);
  });

  it('names the limit that ended the agent', () => {
    expect(sample(conversingTasks.limited).limit).toMatchObject({ type: 'turn', limit: 5 });
    expect(events(conversingTasks.limited, 'sample_limit')[0]).toMatchObject({ type: 'turn', limit: 5 });
  });

  it('has only events that readers know, each with a time with its offset and an id of its own', () => {
    const known = [
      'span_begin',
      'span_end',
      'model',
      'tool',
      'sandbox',
      'score',
      'sample_limit',
      'error',
      'info',
    ];
    const ids = new Set<string>();
    let count = 0;
    for (const { name, text } of members.filter(({ name }) => name.startsWith('samples/'))) {
      for (const event of JSON.parse(text).events) {
        count++;
        ids.add(event.uuid);
        expect(known, name).toContain(event.event);
        expect(event.timestamp).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
        if (event.event === 'sandbox') expect(['exec', 'read_file', 'write_file']).toContain(event.action);
      }
    }
    expect(ids.size).toBe(count);
  });

  it('closes every span, and places each event in an open one or in none', () => {
    for (const { text } of members.filter(({ name }) => name.startsWith('samples/'))) {
      const open = new Set<string>();
      for (const event of JSON.parse(text).events) {
        if (event.event === 'span_begin') open.add(event.id);
        if (event.span_id !== undefined) expect(open).toContain(event.span_id);
        if (event.event === 'span_end') expect(open.delete(event.id)).toBe(true);
      }
      expect([...open]).toEqual([]);
    }
  });

  it('gives a call of a model its input by reference into the pool', () => {
    const { events_data } = sample(conversingTasks.fixed);
    const calls = events(conversingTasks.fixed, 'model');
    expect(calls.map(({ input }) => input)).toEqual([[], [], [], []]);
    expect(calls.map(({ input_refs }) => input_refs)).toEqual([[[0, 2]], [[0, 5]], [[0, 7]], [[0, 9]]]);
    expect(events_data.messages.length).toBeGreaterThan(9);
    expect(calls[0].output).toMatchObject({
      model: 'scripted-1',
      choices: [{ stop_reason: 'tool_calls' }],
      usage: { input_tokens: 400, input_tokens_cache_read: 600, total_tokens: 1_050 },
    });
    for (const call of calls) {
      for (const name of ['model', 'tools', 'tool_choice', 'config', 'output'])
        expect(call[name]).toBeDefined();
    }
  });

  it('gives a call of a tool its answer, in words that readers resolve', () => {
    const [look, fail, unreadable, fix] = events(conversingTasks.fixed, 'tool');
    expect(look.result[1].image).toMatch(/^attachment:\/\/[0-9a-f]{32}$/);
    expect(fail.error).toEqual({ type: 'unknown', message: 'It cannot be done.' });
    expect(unreadable.arguments).toEqual({ invalid_json: 'no { json' });
    expect(fix).toMatchObject({ function: 'fix', arguments: { text: 'fixed' }, result: longText });
  });

  it('has an attachment for every reference, and keeps the long texts of the pool there', () => {
    for (const { text } of members.filter(({ name }) => name.startsWith('samples/'))) {
      const whole = JSON.parse(text);
      for (const value of values(whole)) {
        const key = typeof value === 'string' ? /^attachment:\/\/(.*)$/.exec(value)?.[1] : undefined;
        if (key !== undefined) expect(whole.attachments[key]).toBeDefined();
      }
      expect(whole.input).not.toContain('attachment://');
    }
    expect(JSON.stringify(sample(conversingTasks.fixed).events_data)).not.toContain(longText);
  });

  it('shows commands with their exit codes, and transfers of files', () => {
    const done = events(conversingTasks.fixed, 'sandbox');
    expect(done.find(({ cmd }) => cmd === 'echo fixed > fix.txt')).toMatchObject({
      action: 'exec',
      result: 0,
    });
    expect(done.find(({ file }) => file === '/app/expensify/fix.txt')).toMatchObject({
      action: 'write_file',
    });
  });

  it('holds no text that Python cannot read, and no null where a number belongs', () => {
    for (const { text } of members) {
      expect(text).not.toMatch(/\\ud[89a-f]/i);
      expect(text).not.toContain('"value":null');
      expect(text).not.toContain('NaN');
    }
  });
});

describe('writeInspectLog', () => {
  it('shows the conversation of a run whose events were not kept', async () => {
    const quiet = join(folder, 'quiet');
    await conversingRun(quiet, { keepEvents: 'none', epochs: 1 });
    await writeInspectLog(quiet, join(folder, 'quiet.eval'));
    ({ members } = zipMembers(readFileSync(join(folder, 'quiet.eval'))));
    const kinds = sample(conversingTasks.fixed).events.map(({ event }: Json) => event);
    expect(kinds).toEqual([
      'model',
      'tool',
      'tool',
      'model',
      'tool',
      'model',
      'tool',
      'model',
      'tool',
      'score',
      'score',
    ]);
    expect(members.map(({ name }) => name)).not.toContain('reductions.json');
  });

  it('closes the spans of events that a crash has cut off, and tells of the score all the same', async () => {
    const cut = join(folder, 'cut');
    cpSync(store, cut, { recursive: true });
    const { events: path } = (await StoredRun.open(cut)).folder.attempt({
      taskId: conversingTasks.fixed,
      epoch: 1,
      attempt: 1,
    });
    const lines = readFileSync(path, 'utf8').split('\n');
    const middle = lines.findIndex((line) => line.includes('"tool.called"'));
    writeFileSync(path, `${lines.slice(0, middle + 1).join('\n')}\n{"type":"comm`);
    await writeInspectLog(cut, join(folder, 'cut.eval'));
    ({ members } = zipMembers(readFileSync(join(folder, 'cut.eval'))));
    const kinds: string[] = sample(conversingTasks.fixed).events.map(({ event }: Json) => event);
    const count = (kind: string) => kinds.filter((each) => each === kind).length;
    expect(count('span_begin')).toBeGreaterThan(2);
    expect(count('span_end')).toBe(count('span_begin'));
    expect([count('model'), count('score')]).toEqual([4, 2]);
  });

  it('exports a run that was cancelled as far as it came', async () => {
    const half = join(folder, 'half');
    const stop = new AbortController();
    const run = runEval({
      dataset: fakeTasks(4),
      runtime: fakeBenchmarkRuntime(),
      agent: fakeSolver,
      store: half,
      concurrency: 1,
      signal: stop.signal,
    });
    for await (const result of run) {
      expect(result.status).toBe('scored');
      stop.abort();
    }
    await run;
    const { samples } = await writeInspectLog(half, join(folder, 'half.eval'));
    ({ members } = zipMembers(readFileSync(join(folder, 'half.eval'))));
    expect(samples).toBeLessThan(4);
    expect(read('header.json')).toMatchObject({ status: 'cancelled', results: { total_samples: 4 } });
  });

  it.each([
    { found: 'of two of three epochs', stopAt: 5, reducers: ['mean', 'pass_at_2'], reduced: [2, 2, 2] },
    { found: 'of one of three epochs', stopAt: 3, reducers: ['mean'], reduced: [2, 2] },
    { found: 'of no epoch', stopAt: 1, reducers: ['mean'], reduced: [0, 0] },
  ])('names the same reducers everywhere for a run cut off with scores $found', async (expected) => {
    const cut = join(folder, `cut-${expected.stopAt}`);
    const stop = new AbortController();
    let solved = 0;
    const run = runEval({
      dataset: fakeTasks(2),
      agent: {
        name: 'stopped',
        solve: async (context) => {
          if (++solved === expected.stopAt) stop.abort();
          return await fakeSolver.solve(context);
        },
      },
      runtime: fakeBenchmarkRuntime(),
      epochs: 3,
      order: 'epochs',
      concurrency: 1,
      store: cut,
      signal: stop.signal,
    });
    expect((await run).records).toHaveLength(expected.stopAt - 1);
    await writeInspectLog(cut, `${cut}.eval`);
    ({ members } = zipMembers(readFileSync(`${cut}.eval`)));
    const { eval: spec, results } = read('header.json');
    const named = [['earned', 'mean'], ...expected.reducers.map((reducer) => ['correct', reducer])];
    const names = ({ name, scorer = name, reducer }: Json) => [scorer, reducer];
    expect(spec.config).toMatchObject({ epochs: 3, epochs_reducer: expected.reducers });
    expect(results.scores.map(names)).toEqual(named);
    expect(read('reductions.json').map(names)).toEqual(named);
    expect(read('reductions.json').map(({ samples }: Json) => samples.length)).toEqual(expected.reduced);
  });

  it('counts the same money as the summary for attempts of no sample, and for those that died with a worker', async () => {
    const stopped = join(folder, 'stopped');
    const stop = new AbortController();
    const usage = { inputTokens: 1_000, outputTokens: 10, costDollars: 2 };
    await runEval({
      dataset: fakeTasks(1),
      runtime: fakeBenchmarkRuntime(),
      agent: {
        name: 'stopped',
        solve: async ({ reportUsage }) => {
          reportUsage(usage);
          stop.abort();
          return { usage };
        },
      },
      store: stopped,
      signal: stop.signal,
    });
    const logged = async () => {
      await writeInspectLog(stopped, join(folder, 'stopped.eval'));
      ({ members } = zipMembers(readFileSync(join(folder, 'stopped.eval'))));
      const { results, stats } = read('header.json');
      const { cost, missing } = results.metadata.swelancer;
      return [missing.length, cost.cost, stats.model_usage['none/none']?.total_cost];
    };
    expect(await logged()).toEqual([1, 2, 2]);
    const { description } = await StoredRun.open(stopped);
    const key = { taskId: '0_1', epoch: 1, attempt: 1 };
    const result = await (await StoredRun.open(stopped)).result(key);
    const again = { ...key, attempt: 2 };
    const run = await RunStore.open({ path: stopped, description });
    await run.started(again);
    await run.finished(again, { ...result, ...again, lostUsage: usage }, { final: true });
    await run[Symbol.asyncDispose]();
    expect(await logged()).toEqual([0, 6, 6]);
  });

  it('gives a run the same ids and file name each time', () => {
    const name = inspectLogName({ createdAt: '2026-01-31T12:30:00.123Z', runId: 'a-b_c' });
    expect(name).toMatch(/^2026-01-31T12-30-00-00-00_swelancer_[0-9a-z]{22}\.eval$/);
    expect(name.split('_')).toHaveLength(3);
    expect(inspectLogName({ createdAt: '2026-01-31T12:30:00.123Z', runId: 'a-b_c' })).toBe(name);
    expect(inspectLogName({ createdAt: '2026-01-31T12:30:00.123Z', runId: 'other' })).not.toBe(name);
  });
});
