import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { truncateSync } from 'node:fs';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type ComputerRuntime,
  ConfigurationError,
  type EvalOptions,
  gradeRun,
  pastDurations,
  pendingJobs,
  type ResultRecord,
  rescoreRun,
  RunEvents,
  RunStore,
  runEval,
  type Scorer,
  StoredRun,
  StoreError,
  type SweLancerEvent,
} from '../../../src/index.js';
import { readReportData, writeReport } from '../../../src/report/index.js';
import { inspectLogName } from '../../../src/report/inspect/index.js';
import { fakeBenchmarkRuntime, fakeSolver, fakeTasks, lost } from '../../fixtures/fake-benchmark.js';
import { isMissing } from '../../fixtures/system-need.js';

const folders: string[] = [];
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'swelancer-store-'));
  folders.push(folder);
  return join(folder, 'run');
}
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

function counting() {
  const solved: string[] = [];
  const agent: EvalOptions['agent'] = {
    name: 'counting',
    solve: (context) => {
      solved.push(context.task.id);
      return fakeSolver.solve(context);
    },
  };
  return { agent, solved };
}

const perTask = { computers: { images: { kind: 'per-task' } } } as const;
const imageOf = (taskId: string) => `swelancer_x86_${taskId}:latest`;
let copies = 0;

/** Computers of an engine that fetches images and has `images`: by name, each with its copy. Every start tells of a fetch. */
function fetching(images: Map<string, string>, onAsked?: (image: string) => void): ComputerRuntime {
  const fake = fakeBenchmarkRuntime();
  const own = new Set<string>();
  const fetched = (image: string) => ({ image, engine: 'e', copy: images.get(image) ?? '' });
  return {
    ...fake,
    start: (request, options) => {
      const { image } = request;
      if (!images.has(image)) {
        images.set(image, `copy ${++copies}`);
        own.add(image);
      }
      if (own.has(image)) options.onFetched?.(fetched(image));
      return fake.start(request, options);
    },
    evictImage: async (image, { belowFreeBytes, fetchedBefore = [] }) => {
      onAsked?.(image);
      const { engine, copy } = fetched(image);
      const isOwn =
        own.has(image) || fetchedBefore.some((each) => each.engine === engine && each.copy === copy);
      const mayGo = images.has(image) && isOwn;
      const removed = mayGo && belowFreeBytes > 0 && images.delete(image);
      return { removed, mayGoLater: mayGo && !removed };
    },
  };
}

const patient = { waitMs: 1, maxWaitMs: 1 };

/** Without what differs from run to run: times and ids. */
function essence(records: readonly ResultRecord[]) {
  return records.map(({ taskId, epoch, status, earned }) => ({ taskId, epoch, status, earned }));
}

describe('the folder of a run', () => {
  it('holds each attempt in files that can be read back, during the run and after it', async () => {
    const store = await newFolder();
    const dataset = fakeTasks(4);
    const run = runEval({ dataset, agent: fakeSolver, runtime: fakeBenchmarkRuntime(), store, epochs: 2 });
    const outcome = await run;
    expect(outcome).toMatchObject({ status: 'completed', folder: store, found: { resumed: false } });
    const stored = await StoredRun.open(store);
    expect(stored.description).toMatchObject({
      runId: outcome.runId,
      agent: 'fake-solver',
      scorer: 'task',
      epochs: 2,
      dataset: { fingerprint: dataset.fingerprint },
      configuration: { grading: 'fresh', userTool: true },
    });
    const records = await stored.records();
    expect(records).toEqual(outcome.records);
    expect(records.map(({ taskId, epoch }) => `${taskId} ${epoch}`)).toEqual(
      [...dataset].flatMap(({ id }) => [`${id} 1`, `${id} 2`]),
    );
    const key = { taskId: '0_1', epoch: 2, attempt: 1 };
    expect(await stored.result(key)).toMatchObject({
      status: 'scored',
      patch: { content: 'fixed' },
      tries: [{ log: '1 test, exit 0' }],
    });
    const events: string[] = [];
    for await (const event of stored.events(key)) events.push(event.type);
    expect(events[0]).toBe('task.started');
    expect(events.at(-1)).toBe('task.finished');
    const files = await readdir(join(store, 'attempts/0_1/epoch-2/attempt-1'));
    expect(files.sort()).toEqual([
      'events.jsonl',
      'patch.diff',
      'playbook-1.log',
      'pytest-1.log',
      'result.json',
      'work.json',
    ]);
    expect(await readFile(join(store, 'attempts/0_1/epoch-2/attempt-1/patch.diff'), 'utf8')).toBe('fixed');
    expect(await readdir(store)).not.toContain('lock');
  });

  it('keeps the events of its own run, where another one has the same tasks and the same stream', async () => {
    const events = new RunEvents();
    // Neither agent goes on before both are at work, so that the events of both runs are mixed.
    let waiting: (() => void)[] = [];
    const agent: EvalOptions['agent'] = {
      name: 'meeting',
      solve: async (context) => {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          if (waiting.length < 2) return;
          for (const each of waiting) each();
          waiting = [];
        });
        return await fakeSolver.solve(context);
      },
    };
    const options = { dataset: fakeTasks(2), agent, runtime: fakeBenchmarkRuntime(), events, concurrency: 1 };
    const stores = await Promise.all([newFolder(), newFolder()]);
    const outcomes = await Promise.all(stores.map((store) => runEval({ ...options, store })));
    for (const [index, { runId }] of outcomes.entries()) {
      const stored = await StoredRun.open(stores[index] ?? '');
      expect(stored.description.runId).toBe(runId);
      for (const taskId of ['0_1', '1_1']) {
        const kept: (string | undefined)[][] = [];
        for await (const event of stored.events({ taskId, epoch: 1, attempt: 1 }))
          kept.push([event.type, event.runId, event.taskId]);
        expect(kept[0]).toEqual(['task.started', runId, taskId]);
        expect(kept.at(-1)).toEqual(['task.finished', runId, taskId]);
        expect(new Set(kept.map(([, id]) => id))).toEqual(new Set([runId]));
      }
    }
    expect(new Set(outcomes.map(({ runId }) => runId)).size).toBe(2);
  });

  it('goes on where a cancelled run was and does nothing twice', async () => {
    const store = await newFolder();
    const { agent, solved } = counting();
    const options = { dataset: fakeTasks(10), agent, runtime: fakeBenchmarkRuntime(), store, concurrency: 2 };
    const first = runEval(options);
    let results = 0;
    for await (const result of first) if (result.status === 'scored' && ++results === 4) first.cancel();
    const cancelled = await first;
    expect(cancelled.status).toBe('cancelled');
    const before = [...solved];
    const second = await runEval(options);
    expect(second).toMatchObject({ status: 'completed', runId: cancelled.runId, found: { resumed: true } });
    expect(second.found?.finished).toBe(cancelled.records.length);
    expect(second.records).toHaveLength(10);
    const done = new Set(cancelled.records.map(({ taskId }) => taskId));
    expect(solved.slice(before.length).filter((id) => done.has(id))).toEqual([]);
    const third = await runEval(options);
    expect(third.records).toEqual(second.records);
    expect(third.summary).toEqual(second.summary);
  });

  it('is opened and read after a cut at every byte of its last records, of every kind, and knows what was whole', async () => {
    const store = await newFolder();
    const { agent, solved } = counting();
    const runtime = fetching(new Map());
    const options = { dataset: fakeTasks(2), agent, runtime, ...perTask, store, concurrency: 1 };
    const whole = await runEval(options);
    await runEval(options);
    const path = join(store, 'journal.jsonl');
    const journal = await readFile(path);
    const { description } = await StoredRun.open(store);
    const lines = journal.toString().split('\n').slice(0, -1);
    // From the second task on.
    const middle = lines.findIndex((line) => line.includes('"1_1"'));
    const kinds = new Set(lines.slice(middle).map((line) => /"type":"([^"]*)"/.exec(line)?.[1]));
    expect([...kinds].sort()).toEqual([
      'attempt.collected',
      'attempt.finished',
      'attempt.started',
      'attempts.spent',
      'image.fetched',
      'session.ended',
      'session.started',
    ]);
    let whereItBegins = Buffer.byteLength(`${lines.slice(0, middle).join('\n')}\n`);
    for (const [index, line] of lines.entries()) {
      if (index < middle) continue;
      const before = lines.slice(0, index);
      const end = whereItBegins + Buffer.byteLength(line) + 1;
      for (let cut = whereItBegins; cut < end; cut++) {
        await writeFile(path, journal.subarray(0, cut));
        const told = (kind: string) => before.filter((each) => each.includes(`"${kind}"`)).length;
        const finished = told('attempt.finished');
        if ((await (await StoredRun.open(store)).records()).length !== finished)
          throw new Error(`A cut at byte ${cut} is read in another way.`);
        const opened = await RunStore.open({ path: store, description });
        const { found, fetchedImages } = opened;
        await opened[Symbol.asyncDispose]();
        if (fetchedImages.length !== told('image.fetched'))
          throw new Error(`A cut at byte ${cut} leaves other images than were fetched before it.`);
        const tornBytes = cut - whereItBegins;
        if (found.finished !== finished || found.tornBytes !== tornBytes || found.damagedLines !== 0)
          throw new Error(`A cut at byte ${cut} is found to be ${JSON.stringify(found)}.`);
        // What was torn is gone from the file, and what follows it is a record of its own.
        const rest = await readFile(path, 'utf8');
        if (!rest.startsWith(`${before.join('\n')}\n{"crc"`) || rest.split('\n').length !== index + 2)
          throw new Error(`A cut at byte ${cut} leaves ${rest.slice(whereItBegins)}.`);
      }
      // Going on takes longer: once in each record.
      const cut = Math.floor((whereItBegins + end) / 2);
      await writeFile(path, journal.subarray(0, cut));
      solved.length = 0;
      const again = await runEval(options);
      expect(again.found).toMatchObject({ tornBytes: cut - whereItBegins, damagedLines: 0 });
      expect(essence(again.records)).toEqual(essence(whole.records));
      // Only an agent whose work was on disk before is not asked again.
      const kept = before.filter((each) => each.includes('"attempt.collected"')).length;
      expect(solved).toHaveLength(2 - kept);
      whereItBegins = end;
    }
  });

  it('lets images go that an earlier process fetched, those first whose samples are all done, and no others', async () => {
    const store = await newFolder();
    const images = new Map([[imageOf('2_1'), 'was there']]);
    const { agent } = counting();
    const options = { dataset: fakeTasks(5), agent, ...perTask, store, concurrency: 1 };
    const first = runEval({ ...options, keepFreeBytes: 0, runtime: fetching(images) });
    for await (const { taskId } of first) if (taskId === '2_1') first.cancel();
    expect((await first).records).toHaveLength(3);
    // Somebody has brought another copy of one in place of what the run had fetched.
    expect(images.has(imageOf('1_1'))).toBe(true);
    images.set(imageOf('1_1'), 'brought by hand');
    const asked: string[] = [];
    const runtime = fetching(images, (image) => asked.push(image));
    const second = await runEval({ ...options, runtime });
    expect(second).toMatchObject({ status: 'completed', records: { length: 5 } });
    expect(asked.slice(0, 2)).toEqual([imageOf('0_1'), imageOf('1_1')]);
    expect(Object.fromEntries(images)).toEqual({
      [imageOf('2_1')]: 'was there',
      [imageOf('1_1')]: 'brought by hand',
    });
    // Two computers of each task ask for its image, and one of them has fetched it.
    const journal = (await readFile(join(store, 'journal.jsonl'), 'utf8')).split('\n');
    const told = journal.flatMap((line) => /"image.fetched".*"image":"([^"]*)"/.exec(line)?.[1] ?? []);
    expect(told.sort()).toEqual(['0_1', '1_1', '4_1', 'monolith'].map(imageOf));
  });

  it('does again what a damaged line told, and keeps what the others tell', async () => {
    const store = await newFolder();
    const { agent, solved } = counting();
    const options = { dataset: fakeTasks(3), agent, runtime: fakeBenchmarkRuntime(), store, concurrency: 1 };
    await runEval(options);
    const path = join(store, 'journal.jsonl');
    const text = await readFile(path, 'utf8');
    const lines = text.split('\n');
    const damaged = lines.findIndex((line) => line.includes('attempt.finished'));
    lines[damaged] = (lines[damaged] ?? '').replace('"scored"', '"scoreD"');
    await writeFile(path, lines.join('\n'));
    solved.length = 0;
    const again = await runEval(options);
    expect(again.found).toMatchObject({ damagedLines: 1, finished: 2 });
    expect(again.records).toHaveLength(3);
    expect(solved).toEqual([]);
  });

  it('runs the agent again where its saved work is damaged', async () => {
    const store = await newFolder();
    const { agent, solved } = counting();
    const options = { dataset: fakeTasks(1), agent, runtime: fakeBenchmarkRuntime(), store };
    await runEval(options);
    const path = join(store, 'journal.jsonl');
    const lines = (await readFile(path, 'utf8')).split('\n');
    const finished = lines.findIndex((line) => line.includes('attempt.finished'));
    await writeFile(path, `${lines.slice(0, finished).join('\n')}\n`);
    await truncate(join(store, 'attempts/0_1/epoch-1/attempt-1/work.json'), 20);
    const again = await runEval(options);
    expect(solved).toEqual(['0_1', '0_1']);
    expect(again.records).toMatchObject([{ status: 'scored', attempt: 2 }]);
    expect(again.records[0]?.workOf).toBeUndefined();
  });

  /** A run of one task that was cancelled while its work was graded, and the file of that work. */
  async function cutInGrading(agent: EvalOptions['agent']) {
    const store = await newFolder();
    const hold = fakeBenchmarkRuntime({
      on: ({ label }) => {
        if (label !== 'end-to-end tests') return undefined;
        cut.cancel();
        return new Promise(() => undefined);
      },
    });
    const cut = runEval({ dataset: fakeTasks(1), agent, runtime: hold, store });
    expect((await cut).status).toBe('cancelled');
    return { store, work: join(store, 'attempts', '0_1', 'epoch-1', 'attempt-1', 'work.json') };
  }

  it('does not take saved work for lost that cannot be read now', async () => {
    const { agent, solved } = counting();
    const { store, work } = await cutInGrading(agent);
    const again = () => runEval({ dataset: fakeTasks(1), agent, runtime: fakeBenchmarkRuntime(), store });
    await rename(work, `${work}.whole`);
    await symlink(work, work);
    await expect(again()).rejects.toMatchObject({ code: 'store', problem: 'unreadable' });
    await rename(`${work}.whole`, work);
    expect((await again()).records).toMatchObject([{ status: 'scored', outcome: 'passed' }]);
    expect(solved).toEqual(['0_1']);
  });

  it('grades nothing where the saved work is damaged meanwhile, and no agent takes its place', async () => {
    const { store, work } = await cutInGrading(fakeSolver);
    const runtime = fakeBenchmarkRuntime({
      on: ({ label }) => {
        if (label !== 'end-to-end tests') return undefined;
        truncateSync(work, 20);
        return lost();
      },
    });
    const retries = { ...patient, gradings: 3 };
    const outcome = await gradeRun(store, { dataset: fakeTasks(1), runtime, retries });
    expect(outcome).toMatchObject({ status: 'completed', records: [] });
    expect(outcome.summary.missing).toEqual([{ taskId: '0_1', epoch: 1 }]);
  });

  it('says that saved work is damaged, and counts the agent that works again as a new attempt', async () => {
    const { store, work } = await cutInGrading(fakeSolver);
    await writeFile(work, '{"torn');
    let agents = 0;
    const failing = {
      name: fakeSolver.name,
      solve: async () => {
        agents++;
        throw lost();
      },
    };
    const told: string[] = [];
    const again = async (attempts: number) => {
      const run = runEval({
        dataset: fakeTasks(1),
        agent: failing,
        runtime: fakeBenchmarkRuntime(),
        store,
        retries: { attempts, gradings: 3, waitMs: 1 },
        rerunErrors: true,
      });
      run.events.on('task.retrying', ({ redo }) => told.push(redo));
      run.events.on('diagnostic', ({ message, taskId, epoch }) => told.push(`${taskId} ${epoch} ${message}`));
      return await run;
    };
    expect((await again(0)).records).toMatchObject([{ status: 'error', attempt: 2 }]);
    expect(agents).toBe(1);
    expect(told).toEqual([expect.stringMatching(/^0_1 1 The work of attempt 1 .* cannot be read/)]);
    const { found } = await again(1);
    expect(found).toMatchObject({ ungraded: 0 });
    expect(agents).toBe(3);
    expect(told.slice(1)).toEqual(['attempt']);
  });

  it('refuses another dataset, agent or configuration, and names what differs', async () => {
    const store = await newFolder();
    const options = { dataset: fakeTasks(2), agent: fakeSolver, runtime: fakeBenchmarkRuntime(), store };
    await runEval({ ...options, configuration: { model: 'a' } });
    const problem = async (changed: Partial<EvalOptions>) => {
      const error: unknown = await Promise.resolve(
        runEval({ ...options, configuration: { model: 'a' }, ...changed }),
      ).catch((thrown: unknown) => thrown);
      if (!(error instanceof StoreError)) throw new Error('It was not refused.');
      expect(error.problem).toBe('mismatch');
      return error.message;
    };
    expect(await problem({ dataset: fakeTasks(3) })).toMatch(/1 more and 0 fewer/);
    expect(await problem({ agent: { ...fakeSolver, name: 'other' } })).toMatch(
      /agent was fake-solver and is other/,
    );
    expect(await problem({ configuration: { model: 'b' } })).toMatch(/model was "a" and is "b"/);
    expect(await problem({ limits: { turns: 3 } })).toMatch(/limits\.turns was not set and is 3/);
    expect(await problem({ prompt: () => 'Fix it.' })).toMatch(/prompt was "default" and is "sha256:/);
    const otherModel = { ...fakeSolver, configuration: { model: 'large' } };
    expect(await problem({ agent: otherModel })).toMatch(/agentConfiguration was not set and is/);
    expect(await problem({ epochs: 2 })).toMatch(/epochs was 1 and is 2/);
    const allowed = await runEval({
      ...options,
      dataset: fakeTasks(3),
      configuration: { model: 'b' },
      allowChanges: true,
    });
    expect(allowed.found?.changes).toHaveLength(2);
    expect(allowed.records).toHaveLength(3);
    expect(await readFile(join(store, 'journal.jsonl'), 'utf8')).toContain(
      '"changes":["the dataset has 1 more',
    );
  });

  it('is for one process at a time, and a dead one does not keep it', async () => {
    const store = await newFolder();
    const options = { dataset: fakeTasks(2), runtime: fakeBenchmarkRuntime(), store };
    const waiting = runEval({
      ...options,
      agent: {
        name: 'fake-solver',
        solve: ({ signal }) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
      },
    });
    while (waiting.inFlight().length === 0) await new Promise((resolve) => setImmediate(resolve));
    await expect(Promise.resolve(runEval({ ...options, agent: fakeSolver }))).rejects.toMatchObject({
      code: 'store',
      problem: 'locked',
    });
    waiting.cancel();
    await waiting;
    const gone = { host: (await import('node:os')).hostname(), pid: 2 ** 22 + 1, nonce: 'x' };
    await writeFile(join(store, 'lock'), JSON.stringify(gone));
    expect((await runEval({ ...options, agent: fakeSolver })).records).toHaveLength(2);
    // Of those who died while they took over from others that had died.
    const left = ['lock.takeover', 'lock.takeover.takeover', `lock.takeover.${randomUUID()}`, `x.part`];
    for (const name of left) await writeFile(join(store, name), JSON.stringify(gone));
    expect((await runEval({ ...options, agent: fakeSolver })).records).toHaveLength(2);
    expect((await readdir(store)).filter((name) => name.startsWith('lock') || name === 'x.part')).toEqual([]);
    await writeFile(join(store, 'lock'), JSON.stringify({ ...gone, host: 'another-machine' }));
    await expect(Promise.resolve(runEval({ ...options, agent: fakeSolver }))).rejects.toThrow(
      /another-machine.*remove/,
    );
  });

  it('ends and writes nothing more when another process has taken its folder over', async () => {
    const store = await newFolder();
    const lock = join(store, 'lock');
    const other = JSON.stringify({ host: 'other-host', pid: 7, nonce: 'other' });
    const longAgo = new Date(2020, 0, 1);
    const agents: string[] = [];
    const journal = () => readFile(join(store, 'journal.jsonl'), 'utf8');
    let before = '';
    const run = runEval({
      dataset: fakeTasks(6),
      runtime: fakeBenchmarkRuntime(),
      store,
      concurrency: 1,
      agent: {
        name: 'fake-solver',
        solve: async (context) => {
          agents.push(context.task.id);
          if (agents.length === 3) {
            before = await journal();
            // At once: a lock that is missing would be told in other words.
            await writeFile(`${lock}.other`, other);
            await utimes(`${lock}.other`, longAgo, longAgo);
            await rename(`${lock}.other`, lock);
          }
          return await fakeSolver.solve(context);
        },
      },
    });
    await expect(run).rejects.toMatchObject({
      code: 'store',
      problem: 'lost',
      message: expect.stringMatching(/Process 7 on other-host/),
    });
    expect(agents).toHaveLength(3);
    // A write that was under way at that moment may have come through.
    const later = (await journal()).slice(before.length);
    expect(later).not.toMatch(/attempt\.collected|attempt\.finished|session\.ended/);
    const attempt = await readdir(join(store, 'attempts', agents[2] ?? '', 'epoch-1', 'attempt-1'));
    expect(attempt.filter((name) => /^(work|result)/.test(name))).toEqual([]);
    expect(await readFile(lock, 'utf8')).toBe(other);
    expect((await stat(lock)).mtime).toEqual(longAgo);
  });

  it('begins with what took longest by its own folder where it goes on, unless another order is asked for', async () => {
    const { agent, solved } = counting();
    const slow: EvalOptions['agent'] = {
      ...agent,
      solve: async (context) => {
        if (context.task.id === '1_1') await sleep(100);
        return await agent.solve(context);
      },
    };
    const options = { dataset: fakeTasks(3), agent: slow, runtime: fakeBenchmarkRuntime(), concurrency: 1 };
    const later = async (more: Partial<EvalOptions>) => {
      const store = await newFolder();
      await runEval({ ...options, store });
      solved.length = 0;
      await runEval({ ...options, store, epochs: 2, allowChanges: true, ...more });
      return solved;
    };
    expect((await later({}))[0]).toBe('1_1');
    expect(await later({ order: 'grouped' })).toEqual(['0_1', '1_1', '2_1']);
    const told = new Map([['2_1', 1e9]]);
    expect((await later({ order: { longestFirst: told } }))[0]).toBe('1_1');
  });

  it('counts errors of earlier sessions for failOnError, unless they are begun anew', async () => {
    const store = await newFolder();
    let broken = '0_1 1_1';
    const { agent, solved } = counting();
    const options = {
      dataset: fakeTasks(6),
      agent,
      runtime: fakeBenchmarkRuntime({
        on: ({ label, taskId }) => (label === 'start' && broken.includes(taskId) ? lost() : undefined),
      }),
      store,
      concurrency: 1,
      retries: { ...patient, attempts: 0 },
    };
    const first = await runEval({ ...options, failOnError: 2 });
    expect(first).toMatchObject({ status: 'stopped' });
    expect(first.records).toHaveLength(2);
    // Nothing is begun, and what to do is said.
    const said: string[] = [];
    const events = (event: SweLancerEvent) => event.type === 'diagnostic' && said.push(event.message);
    expect(await runEval({ ...options, failOnError: 2, events })).toMatchObject({ status: 'stopped' });
    expect(solved).toEqual([]);
    expect(said).toEqual([expect.stringMatching(/^2 samples .* `rerunErrors`/)]);
    // One more than there are.
    broken = '4_1';
    expect(await runEval({ ...options, failOnError: 3 })).toMatchObject({ status: 'stopped' });
    broken = '';
    const last = await runEval({ ...options, failOnError: 1, rerunErrors: true });
    expect(last.status).toBe('completed');
    expect(last.records.map(({ status }) => status)).toEqual(Array(6).fill('scored'));
  });

  it('takes up errors again only when it is told to', async () => {
    const store = await newFolder();
    let broken = true;
    const options = {
      dataset: fakeTasks(3),
      agent: fakeSolver,
      runtime: fakeBenchmarkRuntime({
        on: ({ label, taskId }) => (broken && label === 'start' && taskId === '1_1' ? lost() : undefined),
      }),
      store,
      retries: { ...patient, attempts: 0 },
    };
    const statuses = async (more: Partial<EvalOptions> = {}) =>
      (await runEval({ ...options, ...more })).records.map(({ status }) => status);
    expect(await statuses()).toEqual(['scored', 'error', 'scored']);
    broken = false;
    expect(await statuses()).toEqual(['scored', 'error', 'scored']);
    expect(await statuses({ rerunErrors: true })).toEqual(['scored', 'scored', 'scored']);
  });

  it('grades later what could not be graded, without an agent', async () => {
    const store = await newFolder();
    const { agent, solved } = counting();
    const dataset = fakeTasks(3);
    const noGrading = fakeBenchmarkRuntime({
      on: ({ label }) => (label === 'end-to-end tests' ? lost() : undefined),
    });
    const first = await runEval({
      dataset,
      agent,
      runtime: noGrading,
      store,
      retries: { ...patient, gradings: 1 },
    });
    expect(first.records.map(({ status }) => status)).toEqual(['error', 'error', 'error']);
    const graded = await gradeRun(store, { dataset, runtime: fakeBenchmarkRuntime() });
    expect(graded.records).toMatchObject([
      { outcome: 'passed', agent: 'counting', workOf: 1, usage: { costDollars: 0.01 } },
      { outcome: 'passed' },
      { outcome: 'passed' },
    ]);
    expect(solved).toHaveLength(3);
    expect(graded.summary.cost).toMatchObject({ attempts: 3, cost: 0.03 });
    await expect(gradeRun(store, { dataset: fakeTasks(4), runtime: fakeBenchmarkRuntime() })).rejects.toThrow(
      StoreError,
    );
  });

  it('is not kept from grading by errors of before, whoever made them, but ended by those it meets', async () => {
    const store = await newFolder();
    const dataset = fakeTasks(6);
    let broken = true;
    const runtime = fakeBenchmarkRuntime({
      on: ({ label, taskId }) => {
        // The first two have no work to be graded, the last of the IC tasks no tests that can be run.
        const fault = label === 'start' ? ['0_1', '1_1'] : label === 'end-to-end tests' ? ['4_1', '5_1'] : [];
        return broken && fault.includes(taskId) ? lost() : undefined;
      },
    });
    const run = {
      dataset,
      agent: fakeSolver,
      runtime,
      store,
      retries: { ...patient, attempts: 0, gradings: 0 },
    };
    expect((await runEval(run)).summary.overall).toMatchObject({ samples: 6, errors: 4 });
    const grade = (failOnError: number) =>
      gradeRun(store, { dataset, runtime, concurrency: 1, retries: run.retries, failOnError });
    // Two to be graded, and the first one of them ends it.
    expect(await grade(1)).toMatchObject({ status: 'stopped', summary: { overall: { errors: 4 } } });
    expect((await grade(3)).status).toBe('completed');
    broken = false;
    expect(await grade(1)).toMatchObject({ status: 'completed', summary: { overall: { errors: 2 } } });
  });

  it('scores the saved work again by another scorer, as a run of its own', async () => {
    const [store, into] = [await newFolder(), await newFolder()];
    const { agent, solved } = counting();
    const dataset = fakeTasks(4);
    const original = await runEval({ dataset, agent, runtime: fakeBenchmarkRuntime(), store });
    const strict: Scorer = {
      name: 'strict',
      score: async ({ session }) => {
        const long = (session.patch?.bytes.byteLength ?? 0) > 100;
        return {
          outcome: long ? 'passed' : 'tests_failed',
          value: long ? 1 : 0,
          explanation: 'by size',
          tries: [],
        };
      },
    };
    const again = await rescoreRun(store, { into, dataset, runtime: fakeBenchmarkRuntime(), scorer: strict });
    expect(again.records).toHaveLength(4);
    expect(again.summary.overall.earned).toBe(0);
    expect(again.records[0]).toMatchObject({ scorer: 'strict', agent: 'counting', earned: 0 });
    expect(solved).toHaveLength(4);
    const stored = await StoredRun.open(into);
    const { description: from } = await StoredRun.open(store);
    expect(stored.description.rescoredFrom).toEqual({
      runId: original.runId,
      name: 'counting',
      createdAt: from.createdAt,
      scorer: 'task',
    });
    expect(from.rescoredFrom).toBeUndefined();
    expect((await StoredRun.open(store).then((run) => run.records()))[0]?.earned).toBe(100);
  });

  it('keeps a run that scores again apart from its original, also where it goes on', async () => {
    const [store, into] = [await newFolder(), await newFolder()];
    const dataset = fakeTasks(2);
    let broken = true;
    const runtime = fakeBenchmarkRuntime({
      on: ({ taskId, label }) => (broken && taskId === '1_1' && label === 'start' ? lost() : undefined),
    });
    const original = await runEval({ dataset, agent: fakeSolver, runtime, store, retries: { attempts: 0 } });
    broken = false;
    const told = new Set<string | undefined>();
    const events: EvalOptions['events'] = ({ runId }) => told.add(runId);
    const options = { into, dataset, runtime, name: 'Again', events };
    const again = await rescoreRun(store, options);
    expect(again.runId).not.toBe(original.runId);
    expect(again.records.map(({ runId }) => runId)).toEqual([again.runId, again.runId]);
    expect([...told]).toEqual([again.runId]);
    expect(await rescoreRun(store, options)).toMatchObject({ runId: again.runId });
    const [of, by] = [await StoredRun.open(store), await StoredRun.open(into)];
    expect(by.description).toMatchObject({ runId: again.runId, name: 'Again' });
    expect(inspectLogName(by.description)).not.toBe(inspectLogName(of.description));
    await expect(runEval({ dataset, agent: fakeSolver, runtime, store: into })).rejects.toThrow(
      /rescoredFrom was/,
    );
    await runEval({ dataset, agent: fakeSolver, runtime, store: join(into, 'other') });
    await expect(rescoreRun(join(into, 'other'), options)).rejects.toThrow(
      /rescoredFrom was .* and is .*\. Pass another folder as `into`, or what this one was scored from and by\.$/,
    );
  });

  it('scores work again that was saved and not graded, and says what is left out', async () => {
    const [store, into] = [await newFolder(), await newFolder()];
    const dataset = fakeTasks(4);
    let gradings = 0;
    const run = runEval({
      dataset,
      agent: fakeSolver,
      runtime: fakeBenchmarkRuntime({
        on: ({ label }) => {
          if (label !== 'end-to-end tests' || ++gradings === 1) return undefined;
          if (gradings === 3) queueMicrotask(() => run.cancel());
          return new Promise(() => undefined);
        },
      }),
      store,
      concurrency: 3,
    });
    expect(await run).toMatchObject({ status: 'cancelled', records: [{ status: 'scored' }] });
    const cut = await StoredRun.open(store);
    const kept = await cut.ungraded();
    expect(kept).toHaveLength(2);
    const [damaged] = kept;
    if (damaged === undefined) throw new Error('Nothing was kept.');
    const { work: path } = cut.folder.attempt(damaged);
    const whole = await readFile(path);
    await truncate(path, 20);
    const told: string[] = [];
    const again = () =>
      rescoreRun(store, {
        into,
        dataset,
        runtime: fakeBenchmarkRuntime(),
        events: (event) => event.type === 'diagnostic' && told.push(`${event.taskId}: ${event.message}`),
      });
    const { taskId } = damaged;
    const first = await again();
    expect(first.records.map(({ status }) => status)).toEqual(['scored', 'scored']);
    expect(first.summary.missing).toHaveLength(2);
    expect(first.summary.missing).toContainEqual({ taskId, epoch: 1 });
    expect(told).toEqual([expect.stringMatching(`^${taskId}: .* not graded yet cannot be read`)]);
    await writeFile(path, whole);
    const second = await again();
    expect(second.records.map(({ status }) => status)).toEqual(['scored', 'scored', 'scored']);
    expect(second.summary.cost.cost).toBe(0.03);
    expect(second.summary.missing).toEqual([{ taskId: '3-manager-0', epoch: 1 }]);
    expect(await cut.ungraded(), 'the original stays as it is').toEqual(kept);
  });

  it('copies work again whose copy was damaged, and counts no copy as interrupted', async () => {
    const [store, into] = [await newFolder(), await newFolder()];
    const dataset = fakeTasks(3);
    await runEval({ dataset, agent: fakeSolver, runtime: fakeBenchmarkRuntime(), store });
    let broken = true;
    const told: string[] = [];
    const rescore = () =>
      rescoreRun(store, {
        into,
        dataset,
        retries: { gradings: 0 },
        runtime: fakeBenchmarkRuntime({
          on: ({ taskId, label }) =>
            broken && taskId !== '2_1' && label === 'end-to-end tests' ? lost() : undefined,
        }),
        events: (event) => event.type === 'diagnostic' && told.push(event.message),
      });
    const first = await rescore();
    expect(first.records.map(({ status }) => status)).toEqual(['error', 'error', 'scored']);
    expect(first.found).toMatchObject({ interrupted: 0, ungraded: 3 });

    broken = false;
    const copy = (await StoredRun.open(into)).folder.attempt({ taskId: '0_1', epoch: 1, attempt: 1 }).work;
    await truncate(copy, 20);
    const second = await rescore();
    expect(second.records.map(({ earned }) => earned)).toEqual([100, 200, 300]);
    expect(second.summary.cost.cost).toBe(0.03);
    expect(told).toEqual([]);
  });

  it('counts in a run that scores again all that the other had spent, and once', async () => {
    const [store, into, third, partial] = [
      await newFolder(),
      await newFolder(),
      await newFolder(),
      await newFolder(),
    ];
    const dataset = fakeTasks(4);
    const faults = new Map([
      ['0_1', 1],
      ['2_1', 2],
    ]);
    const agent: EvalOptions['agent'] = {
      name: 'costly',
      solve: async (context) => {
        const usage = { costDollars: 0.5, inputTokens: 5, modelCalls: 1 };
        context.reportUsage(usage);
        const left = faults.get(context.task.id) ?? 0;
        faults.set(context.task.id, left - 1);
        if (left > 0) throw lost();
        await fakeSolver.solve(context);
        return { usage };
      },
    };
    let gradings = 0;
    const runtime = fakeBenchmarkRuntime({
      on: ({ taskId, label }) =>
        taskId === '1_1' && label === 'end-to-end tests' && gradings++ === 0 ? lost() : undefined,
    });
    const retries = { ...patient, attempts: 1 };
    const first = await runEval({ dataset, agent, runtime, store, retries });
    expect(first.records.map(({ status, attempt, workOf }) => [status, attempt, workOf])).toEqual([
      ['scored', 2, undefined],
      ['scored', 2, 1],
      ['error', 2, undefined],
      ['scored', 1, undefined],
    ]);
    const stored = await StoredRun.open(store);
    // A process took two up again and died: one at work, the other in grading what it had taken over from one that died.
    await using dying = await RunStore.open({ path: store, description: stored.description });
    const [atWork, grading] = [
      { taskId: '3-manager-0', epoch: 1, attempt: 2 },
      { taskId: '0_1', epoch: 1, attempt: 3 },
    ];
    const work = await stored.work(first.records[0]!);
    for (const key of [atWork, grading]) await dying.started(key);
    await dying.collected(grading, { ...work!, attempt: 3 });
    await dying.spent([
      { ...atWork, usage: { costDollars: 0.25, inputTokens: 3 } },
      { ...grading, lost: { costDollars: 0.125, inputTokens: 1 } },
    ]);
    const costIn = async (path: string) => {
      const { cost } = (await readReportData(await StoredRun.open(path))).summary;
      const { knownCost, attemptsOfUnknownCost, usage } = cost;
      return { cost: cost.cost, knownCost, attemptsOfUnknownCost, usage };
    };
    const whole = await costIn(store);
    expect(whole).toMatchObject({ cost: 3.875, usage: { inputTokens: 39 } });

    const options = { dataset, runtime: fakeBenchmarkRuntime() };
    for (let round = 0; round < 2; round++) {
      const { summary } = await rescoreRun(store, { ...options, into });
      expect(summary.cost).toMatchObject(whole);
      expect(await costIn(into)).toEqual(whole);
    }
    await rescoreRun(into, { ...options, into: third });
    expect(await costIn(third), 'scored again a second time').toEqual(whole);

    const damaged = ['attempt-2/result.json', 'attempt-1/work.json'].map((name) =>
      join(store, 'attempts/1_1/epoch-1', name),
    );
    for (const file of damaged) await rename(file, `${file}.gone`);
    const { summary } = await rescoreRun(store, { ...options, into: partial });
    expect(summary.missing).toEqual([{ taskId: '1_1', epoch: 1 }]);
    expect(await costIn(partial), 'also of what is left out').toEqual(whole);
    for (const file of damaged) await rename(`${file}.gone`, file);
    expect((await rescoreRun(store, { ...options, into: partial })).summary.missing).toEqual([]);
    expect(await costIn(partial), 'not twice of what is brought back').toEqual(whole);
  });

  it('says whose kept work cannot be graded since it is damaged', async () => {
    const store = await newFolder();
    const dataset = fakeTasks(2);
    const faulty = fakeBenchmarkRuntime({
      on: ({ label }) => (label === 'end-to-end tests' ? lost() : undefined),
    });
    await runEval({ dataset, agent: fakeSolver, runtime: faulty, store, retries: { gradings: 0 } });
    const { folder } = await StoredRun.open(store);
    await truncate(folder.attempt({ taskId: '0_1', epoch: 1, attempt: 1 }).work, 20);
    const told: string[] = [];
    const graded = await gradeRun(store, {
      dataset,
      runtime: fakeBenchmarkRuntime(),
      events: (event) => event.type === 'diagnostic' && told.push(`${event.taskId}: ${event.message}`),
    });
    expect(graded.records.map(({ status }) => status)).toEqual(['error', 'scored']);
    expect(told).toEqual([expect.stringMatching(/^0_1: The work that was kept cannot be read/)]);
  });

  it('scores from the work as it was kept where a result is damaged, and says what it had to leave out', async () => {
    const [store, into] = [await newFolder(), await newFolder()];
    const dataset = fakeTasks(3);
    await runEval({ dataset, agent: fakeSolver, runtime: fakeBenchmarkRuntime(), store });
    const file = (taskId: string, name: string) => join(store, `attempts/${taskId}/epoch-1/attempt-1`, name);
    for (const id of ['0_1', '1_1']) await truncate(file(id, 'result.json'), 20);
    await truncate(file('1_1', 'work.json'), 20);
    const told: string[] = [];
    const again = await rescoreRun(store, {
      into,
      dataset,
      runtime: fakeBenchmarkRuntime(),
      events: (event) => event.type === 'diagnostic' && told.push(`${event.taskId}: ${event.message}`),
    });
    expect(essence(again.records)).toMatchObject([
      { taskId: '0_1', status: 'scored', earned: 100 },
      { taskId: '2_1', status: 'scored', earned: 300 },
    ]);
    expect(again.summary.missing).toMatchObject([{ taskId: '1_1' }]);
    expect(told).toEqual([
      expect.stringMatching(/^0_1: .* is scored from the work as it was kept/),
      expect.stringMatching(/^1_1: .* is left out/),
    ]);
  });

  it('scores again from the work of the attempt that has it', async () => {
    const [store, into] = [await newFolder(), await newFolder()];
    const dataset = fakeTasks(1);
    let faults = 0;
    const runtime = fakeBenchmarkRuntime({
      on: ({ label }) => (label === 'end-to-end tests' && faults++ === 0 ? lost() : undefined),
    });
    const first = await runEval({ dataset, agent: fakeSolver, runtime, store, retries: patient });
    expect(first.records).toMatchObject([{ attempt: 2, workOf: 1 }]);
    await truncate(join(store, 'attempts/0_1/epoch-1/attempt-2/result.json'), 20);
    const again = await rescoreRun(store, { into, dataset, runtime: fakeBenchmarkRuntime() });
    expect(again.records).toMatchObject([{ status: 'scored', earned: 100, usage: { costDollars: 0.01 } }]);
  });

  it('keeps errors in the count when what there is is scored again', async () => {
    const [store, into] = [await newFolder(), await newFolder()];
    const dataset = fakeTasks(4);
    const runtime = fakeBenchmarkRuntime({
      on: ({ taskId, label }) => (taskId === '1_1' && label === 'start' ? lost() : undefined),
    });
    const original = await runEval({ dataset, agent: fakeSolver, runtime, store, retries: { attempts: 0 } });
    expect(original.summary.overall).toMatchObject({ samples: 4, errors: 1, accuracyOverAll: 0.75 });
    expect(original.summary.cost.cost, 'a fault at the start costs nothing').toBeDefined();
    const again = await rescoreRun(store, { into, dataset, runtime: fakeBenchmarkRuntime() });
    expect(again.summary.overall).toMatchObject({ samples: 4, errors: 1, accuracyOverAll: 0.75 });
    expect(again.summary.missing).toEqual([]);
  });

  it('knows how long samples took: the agent too where grading was done again, and no errors', async () => {
    const store = await newFolder();
    const faults = new Set<string>();
    const runtime = fakeBenchmarkRuntime({
      on: ({ taskId, label }) => {
        if (taskId === '1_1' && label === 'start') return lost();
        if (taskId === '0_1' && label === 'end-to-end tests' && !faults.has(taskId)) {
          faults.add(taskId);
          return lost();
        }
        return undefined;
      },
    });
    const agent: EvalOptions['agent'] = async (context) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return await fakeSolver.solve(context);
    };
    await runEval({ dataset: fakeTasks(2), agent, runtime, store, retries: { attempts: 0, waitMs: 1 } });
    const durations = await pastDurations(store);
    expect([...durations.keys()]).toEqual(['0_1']);
    expect(durations.get('0_1')).toBeGreaterThanOrEqual(290);
  });

  it('counts the attempts of the tasks and epochs it still has', async () => {
    const store = await newFolder();
    const options = { agent: fakeSolver, runtime: fakeBenchmarkRuntime(), store };
    await runEval({ ...options, dataset: fakeTasks(4), epochs: 2 });
    const { records, summary, found } = await runEval({
      ...options,
      dataset: fakeTasks(2),
      allowChanges: true,
    });
    expect(records).toHaveLength(2);
    expect(found).toMatchObject({ finished: 2, failed: 0, interrupted: 0, ungraded: 0 });
    expect(summary.cost).toMatchObject({ attempts: 2, cost: 0.02 });
  });

  it('keeps what attempts spend without a line for each turn', async () => {
    const store = await newFolder();
    const agent: EvalOptions['agent'] = {
      name: 'talkative',
      solve: async (context) => {
        for (let calls = 0; calls <= 100; calls++)
          context.reportUsage({ modelCalls: calls, costDollars: calls });
        return await fakeSolver.solve(context);
      },
    };
    await runEval({ dataset: fakeTasks(3), agent, runtime: fakeBenchmarkRuntime(), store });
    const lines = (await readFile(join(store, 'journal.jsonl'), 'utf8')).split('\n');
    const spent = lines.filter((line) => line.includes('attempts.spent'));
    expect(spent.length).toBeGreaterThan(0);
    expect(spent.length, 'three for each attempt, and one each half minute').toBeLessThan(13);
    expect(spent.slice(0, 3).join(), 'that it costs nothing yet is known at once').toContain(
      '"costDollars":0}',
    );
    expect(await (await StoredRun.open(store)).unfinishedAttempts()).toEqual([]);
  });

  it('counts what an attempt has spent once, whose work another one grades', async () => {
    const store = await newFolder();
    const options = { dataset: fakeTasks(1), agent: fakeSolver, runtime: fakeBenchmarkRuntime(), store };
    await runEval(options);
    const path = join(store, 'journal.jsonl');
    const lines = (await readFile(path, 'utf8')).split('\n');
    const collected = lines.findIndex((line) => line.includes('attempt.collected'));
    // As a process leaves it that dies while it grades.
    await writeFile(path, lines.slice(0, collected + 1).join('\n') + '\n');
    const cut = await StoredRun.open(store);
    expect(await cut.unfinishedAttempts()).toMatchObject([{ attempt: 1, usage: { costDollars: 0.01 } }]);
    const { summary } = await runEval(options);
    expect(summary.cost).toMatchObject({ attempts: 1, unfinishedAttempts: 0, cost: 0.01 });
    const { html } = await writeReport(store);
    expect(await readFile(html, 'utf8'), 'what the task cost').toContain('data-sort="0.01">$0.01</td>');
  });

  it('is not taken for a new one where its description has gone', async () => {
    const store = await newFolder();
    const options = { dataset: fakeTasks(2), runtime: fakeBenchmarkRuntime(), store };
    await runEval({ ...options, agent: fakeSolver });
    await rm(join(store, 'run.json'));
    await expect(runEval({ ...options, agent: { ...fakeSolver, name: 'other' } })).rejects.toThrow(
      /has lost its run\.json/,
    );
  });

  it('is no run where there is none', async () => {
    const folder = await newFolder();
    await expect(StoredRun.open(folder)).rejects.toThrow(/no run in/);
    await runEval({
      dataset: fakeTasks(1),
      agent: fakeSolver,
      runtime: fakeBenchmarkRuntime(),
      store: folder,
    });
    await appendFile(join(folder, 'run.json'), 'x');
    await expect(StoredRun.open(folder)).rejects.toThrow(/not the description of a run/);
  });
});

it('says at once that a place cannot hold a run', async () => {
  const store = await newFolder();
  await writeFile(store, 'a file');
  const run = runEval({
    dataset: fakeTasks(1),
    agent: fakeSolver,
    runtime: fakeBenchmarkRuntime(),
    store: join(store, 'run'),
  });
  await expect(run).rejects.toMatchObject({ code: 'store', problem: 'unwritable' });
});

it.each([
  ['a file', async (path: string) => writeFile(path, 'a file'), /a file is where a folder has to be/],
  [
    'a link to nowhere',
    async (path: string) => symlink(`${path}-gone`, path),
    /(no folder can be made there|a file is where a folder has to be)/,
  ],
  [
    'a folder whose description is a folder',
    async (path: string) => mkdir(join(path, 'run.json'), { recursive: true }),
    /a folder is where a file has to be/,
  ],
])('says at once what is wrong with %s', async (_what, make, advice) => {
  const store = await newFolder();
  await make(store);
  const waits: SweLancerEvent[] = [];
  const events = (event: SweLancerEvent) => {
    if (event.type === 'diagnostic') waits.push(event);
  };
  const options = { dataset: fakeTasks(1), runtime: fakeBenchmarkRuntime(), events };
  const error: unknown = await runEval({ ...options, agent: fakeSolver, store }).then(
    undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({
    code: 'store',
    problem: 'unwritable',
    message: expect.stringMatching(advice),
  });
  expect(waits).toEqual([]);
});

it.each(['', 5, null, 'a\0b'])('refuses %j for the path of a folder', async (given) => {
  // As it may come from JavaScript.
  const path = given as string;
  const options = { dataset: fakeTasks(1), runtime: fakeBenchmarkRuntime() };
  const all = { ...options, agent: fakeSolver, store: path };
  const message = /`store` is .*; give the path of a folder/;
  expect(() => runEval(all)).toThrow(ConfigurationError);
  expect(() => runEval(all)).toThrow(message);
  await expect(pendingJobs(all)).rejects.toThrow(message);
  const from = await newFolder();
  await runEval({ ...all, store: from });
  await expect(rescoreRun(from, { ...options, into: path })).rejects.toThrow(/`into` is /);
  const description = (await StoredRun.open(from)).description;
  await expect(RunStore.open({ path, description })).rejects.toThrow(ConfigurationError);
});

/** Filled by the first write of work.json; freed when the run says that it waits. */
describe.skipIf(isMissing(process.getuid?.() !== 0, 'A disk of its own needs root.'))('a full disk', () => {
  async function smallDisk() {
    const path = await mkdtemp(join(tmpdir(), 'swelancer-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', path]);
    return {
      path,
      [Symbol.asyncDispose]: async () => {
        execFileSync('umount', ['-l', path]);
        await rm(path, { recursive: true, force: true });
      },
    };
  }

  it('is waited for, and the run goes on when there is room again', async () => {
    await using disk = await smallDisk();
    const ballast = join(disk.path, 'ballast');
    await writeFile(ballast, Buffer.alloc(360_000));
    const waits: string[] = [];
    const outcome = await runEval({
      dataset: fakeTasks(6),
      agent: fakeSolver,
      runtime: fakeBenchmarkRuntime(),
      store: join(disk.path, 'run'),
      keepEvents: 'none',
      events: (event) => {
        if (event.type !== 'diagnostic' || !event.message.includes('tried again')) return;
        waits.push(event.message);
        void rm(ballast, { force: true });
      },
    });
    expect(waits[0]).toMatch(/ENOSPC/);
    expect(outcome.records.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 'scored'));
  });

  it('is waited for when the run is begun', async () => {
    await using disk = await smallDisk();
    const ballast = join(disk.path, 'ballast');
    await writeFile(ballast, Buffer.alloc(400 * 1024));
    const waits: string[] = [];
    const outcome = await runEval({
      dataset: fakeTasks(2),
      agent: fakeSolver,
      runtime: fakeBenchmarkRuntime(),
      store: join(disk.path, 'run'),
      keepEvents: 'none',
      events: (event) => {
        if (event.type !== 'diagnostic' || !event.message.includes('tried again')) return;
        waits.push(event.message);
        void rm(ballast, { force: true });
      },
    });
    expect(waits[0]).toMatch(/ENOSPC/);
    expect(outcome.records).toHaveLength(2);
  });

  it.each([0, 200_000])('is not waited for by a run that is cancelled (%i bytes free)', async (free) => {
    await using disk = await smallDisk();
    const ballast = join(disk.path, 'ballast');
    if (free === 0) await writeFile(ballast, Buffer.alloc(400 * 1024));
    let waits = 0;
    const run = runEval({
      dataset: fakeTasks(40),
      agent: {
        ...fakeSolver,
        solve: async (context) => {
          // The disk is full once the run is under way.
          await writeFile(ballast, Buffer.alloc(400 * 1024)).catch(() => undefined);
          return await fakeSolver.solve(context);
        },
      },
      runtime: fakeBenchmarkRuntime(),
      store: join(disk.path, 'run'),
      keepEvents: 'none',
      events: (event) => {
        if (event.type !== 'diagnostic' || !event.message.includes('tried again')) return;
        // The second wait is under way when it is cancelled, and there may be no third.
        if (++waits === 2) setImmediate(() => run.cancel());
      },
    });
    const error: unknown = await run.then(undefined, (thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'store', problem: 'unwritable' });
    expect(String(error)).toMatch(
      /ENOSPC.* It is not waited for, since the run was cancelled\..*free the disk/,
    );
  });
});
