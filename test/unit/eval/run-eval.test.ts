import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  ImagePullError,
  type AgentContext,
  type AgentFunction,
  type ComputerRuntime,
  ConfigurationError,
  Dataset,
  RunEvents,
  runEval,
  type Scorer,
  type StartOptions,
  type SweLancerEvent,
  runSampleJob,
} from '../../../src/index.js';
import { unmatchedStarts } from '../../../src/testing/index.js';
import {
  fakeBenchmarkRuntime,
  fakeSolver,
  fakeTasks,
  lost,
  withStubbornSnapshots,
} from '../../fixtures/fake-benchmark.js';
import { icTask } from '../../fixtures/tasks.js';

const gone = { removed: true, mayGoLater: false };
const kept = { removed: false, mayGoLater: true };
const stays = { removed: false, mayGoLater: false };
const patient = { waitMs: 1, maxWaitMs: 1 };

describe('runEval', () => {
  it('runs every task as often as there are epochs and sums up', async () => {
    const runtime = fakeBenchmarkRuntime();
    const outcome = await runEval({ dataset: fakeTasks(8), agent: fakeSolver, runtime, epochs: 2 });
    expect(outcome).toMatchObject({ status: 'completed', folder: undefined, found: undefined });
    expect(outcome.records).toHaveLength(16);
    expect(outcome.summary.overall).toMatchObject({ earned: 7200, available: 7200 });
    expect(runtime.open()).toBe(0);
  });

  it('hands out results as they come, and tells a start and an end of everything', async () => {
    const events = new RunEvents();
    const seen: SweLancerEvent[] = [];
    events.on('*', (event) => seen.push(event));
    const run = runEval({
      dataset: fakeTasks(5),
      agent: fakeSolver,
      runtime: fakeBenchmarkRuntime(),
      events,
      concurrency: 2,
    });
    const results: string[] = [];
    for await (const result of run) results.push(`${result.taskId} ${result.earned}`);
    expect(results.sort()).toEqual(['0_1 100', '1_1 200', '2_1 300', '3-manager-0 400', '4_1 500']);
    expect((await run).records).toHaveLength(5);
    expect(seen[0]).toMatchObject({ type: 'run.started', samples: 5, availableDollars: 1500 });
    expect(seen.at(-1)).toMatchObject({
      type: 'run.finished',
      outcome: 'completed',
      samples: 5,
      earnedDollars: 1500,
    });
    expect(unmatchedStarts(seen)).toEqual([]);
  });

  it('learns how long a sample takes from those with a score whose agent ran', async () => {
    let gradings = 0;
    const runtime = fakeBenchmarkRuntime({
      on: ({ taskId, label }) => {
        if (taskId === '1_1' && label === 'start') return lost();
        return taskId === '2_1' && label === 'end-to-end tests' && gradings++ === 0 ? lost() : undefined;
      },
    });
    const dataset = fakeTasks(4);
    const run = runEval({ dataset, agent: fakeSolver, runtime, retries: { ...patient, attempts: 0 } });
    const { records } = await run;
    expect(records.map(({ status, workOf }) => [status, workOf])).toEqual([
      ['scored', undefined],
      ['error', undefined],
      ['scored', 1],
      ['scored', undefined],
    ]);
    const [first, , , last] = records.map(({ durationMs }) => durationMs);
    expect(run.progress().meanSampleMs).toBe(((first ?? 0) + (last ?? 0)) / 2);
  });

  it('counts a task that passed as passed, though it pays nothing', async () => {
    const free = Dataset.fromTasks([icTask({ id: '1_1', price: 0, acceptableFolders: ['1_1'] })]);
    const run = runEval({ dataset: free, agent: fakeSolver, runtime: fakeBenchmarkRuntime() });
    expect((await run).summary.overall).toMatchObject({ correct: 1, earned: 0 });
    expect(run.progress()).toMatchObject({ finished: 1, passed: 1, errors: 0, earnedDollars: 0 });
  });

  it('keeps to its concurrency, and to a change of it while it runs', async () => {
    let running = 0;
    let most = 0;
    const release: (() => void)[] = [];
    const run = runEval({
      dataset: fakeTasks(12),
      agent: async ({ computer, answerFile }) => {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => release.push(resolve));
        running--;
        await fakeSolver.solve({ computer, answerFile } as never);
      },
      runtime: fakeBenchmarkRuntime(),
      concurrency: { tasks: 3 },
    });
    const waitFor = async (count: number) => {
      while (release.length < count) await turn();
    };
    await waitFor(3);
    for (let rounds = 0; rounds < 50; rounds++) await turn();
    expect(most).toBe(3);
    expect(run.inFlight().map(({ phase }) => phase)).toEqual(['solve', 'solve', 'solve']);
    run.setConcurrency({ tasks: 5 });
    await waitFor(5);
    for (let rounds = 0; rounds < 50; rounds++) await turn();
    expect(most).toBe(5);
    run.setConcurrency({ tasks: 1 });
    for (const resolve of release.splice(0)) resolve();
    await waitFor(1);
    for (let rounds = 0; rounds < 200; rounds++) await turn();
    expect(running).toBe(1);
    run.setConcurrency({ tasks: 12 });
    const letGo = setInterval(() => release.splice(0).forEach((resolve) => resolve()), 1);
    try {
      expect((await run).records).toHaveLength(12);
    } finally {
      clearInterval(letGo);
    }
    expect(() => run.setConcurrency({ tasks: 0 })).toThrow(ConfigurationError);
  });

  it('begins nothing while it is paused', async () => {
    let begun = 0;
    const events = new RunEvents();
    events.on('task.started', () => begun++);
    const run = runEval({
      dataset: fakeTasks(6),
      agent: fakeSolver,
      runtime: fakeBenchmarkRuntime(),
      concurrency: 1,
      events,
    });
    const first = await run[Symbol.asyncIterator]().next();
    expect(first.done).toBe(false);
    run.pause();
    const idle = async () => {
      while (run.inFlight().length > 0) await turn();
    };
    await idle();
    const before = begun;
    for (let rounds = 0; rounds < 100; rounds++) await turn();
    expect(begun).toBe(before);
    expect(before).toBeLessThan(6);
    run.resume();
    expect((await run).records).toHaveLength(6);
  });

  describe('with a fault before a pause', () => {
    const flaky = () => {
      const tries = { begun: 0 };
      const run = runEval({
        dataset: fakeTasks(1),
        agent: {
          name: 'flaky',
          solve: async (context) => {
            if (++tries.begun === 1) throw lost();
            return await fakeSolver.solve(context);
          },
        },
        runtime: fakeBenchmarkRuntime(),
        retries: { waitMs: 1 },
      });
      return { run, tries };
    };
    /** Paused, and past the wait before the next attempt: another run has come through the same meanwhile. */
    const held = async () => {
      const { run, tries } = flaky();
      await new Promise<void>((resolve) => {
        run.events.on('task.retrying', () => {
          run.pause();
          resolve();
        });
      });
      const other = flaky();
      expect((await other.run).records).toMatchObject([{ status: 'scored', attempt: 2 }]);
      expect(tries.begun).toBe(1);
      return { run, tries };
    };

    it('begins no attempt again until it goes on', async () => {
      const { run, tries } = await held();
      run.resume();
      run.pause();
      await turn();
      expect(tries.begun).toBe(1);
      run.resume();
      expect((await run).records).toMatchObject([{ status: 'scored', attempt: 2 }]);
    });

    it('ends when it is cancelled', async () => {
      const { run, tries } = await held();
      run.cancel();
      expect((await run).status).toBe('cancelled');
      expect(tries.begun).toBe(1);
    });
  });

  it('cancels what is under way, cleans it up and says so', async () => {
    const runtime = fakeBenchmarkRuntime();
    const run = runEval({
      dataset: fakeTasks(6),
      agent: ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
      runtime,
      concurrency: 2,
    });
    while (run.inFlight().filter(({ phase }) => phase === 'solve').length < 2) await turn();
    run.cancel('enough');
    const outcome = await run;
    expect(outcome.status).toBe('cancelled');
    expect(outcome.records).toEqual([]);
    expect(outcome.summary.missing).toHaveLength(6);
    expect(runtime.open()).toBe(0);
  });

  it('ends although it is paused while it is cancelled', async () => {
    const run = runEval({ dataset: fakeTasks(4), agent: fakeSolver, runtime: fakeBenchmarkRuntime() });
    run.cancel();
    run.pause();
    expect((await run).status).toBe('cancelled');
  });

  it('knows its own events from those of another run that has the same', async () => {
    const events = new RunEvents();
    const options = { dataset: fakeTasks(1), runtime: fakeBenchmarkRuntime(), events };
    let go: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      go = resolve;
    });
    const started: (() => void)[] = [];
    const slow = fakeBenchmarkRuntime({
      on: ({ label }) =>
        label === 'start' ? new Promise<void>((resolve) => started.push(resolve)) : undefined,
    });
    const waiting = runEval({ ...options, runtime: slow, agent: fakeSolver });
    const working = runEval({
      ...options,
      agent: async (context) => {
        go();
        await new Promise<void>((resolve) => started.push(resolve));
        return await fakeSolver.solve(context);
      },
    });
    await begun;
    await expect.poll(() => waiting.inFlight().map(({ phase }) => phase)).toEqual(['start']);
    const release = setInterval(() => {
      for (const resolve of started.splice(0)) resolve();
    }, 1);
    await Promise.all([waiting, working]);
    clearInterval(release);
  });

  it.each([
    [{ seed: -5 }, 'seed'],
    [{ order: 'longest' }, 'order'],
    [{ keepEvents: 'some' }, 'keepEvents'],
    [{ keepFreeBytes: -1 }, 'keepFreeBytes'],
  ])('refuses %o at once, by name', (wrong, name) => {
    const options = { dataset: fakeTasks(1), agent: fakeSolver, runtime: fakeBenchmarkRuntime(), ...wrong };
    // What a JavaScript caller may write.
    expect(() => runEval(options as never)).toThrow(
      expect.objectContaining({ code: 'configuration', message: expect.stringContaining(name) }),
    );
  });

  it('refuses an order that is none of its samples', async () => {
    const options = { dataset: fakeTasks(3), agent: fakeSolver, runtime: fakeBenchmarkRuntime() };
    await expect(runEval({ ...options, order: (all) => [...all, ...all] })).rejects.toThrow(/twice/);
    await expect(runEval({ ...options, order: (all) => all.slice(1) })).rejects.toThrow(/leaves out 1 of 3/);
  });

  it('takes 0.07 of 100 samples for 7', () => {
    const options = { dataset: fakeTasks(100), agent: fakeSolver, runtime: fakeBenchmarkRuntime() };
    const run = runEval({ ...options, failOnError: 0.07 });
    run.cancel();
    expect(run.plan.errorsAllowed).toBe(7);
  });

  it('is over at once when the signal was used before', async () => {
    const outcome = await runEval({
      dataset: fakeTasks(2),
      agent: fakeSolver,
      runtime: fakeBenchmarkRuntime(),
      signal: AbortSignal.abort(),
    });
    expect(outcome).toMatchObject({ status: 'cancelled', records: [] });
  });

  it('grades the same work again after a fault in grading, and never asks the agent twice', async () => {
    let solved = 0;
    let faults = 2;
    const retrying: unknown[] = [];
    const outcome = await runEval({
      dataset: fakeTasks(1),
      agent: {
        name: 'counting',
        solve: (context) => {
          solved++;
          return fakeSolver.solve(context);
        },
      },
      runtime: fakeBenchmarkRuntime({
        on: ({ label }) => (label === 'end-to-end tests' && faults-- > 0 ? lost() : undefined),
      }),
      retries: patient,
      events: (event) => {
        if (event.type === 'task.retrying') retrying.push({ redo: event.redo, fault: event.fault });
      },
    });
    expect(solved).toBe(1);
    expect(retrying).toEqual([
      { redo: 'grading', fault: 1 },
      { redo: 'grading', fault: 2 },
    ]);
    expect(outcome.records).toMatchObject([
      {
        status: 'scored',
        outcome: 'passed',
        attempt: 3,
        workOf: 1,
        agent: 'counting',
        usage: { costDollars: 0.01 },
      },
    ]);
    expect(outcome.summary.cost).toMatchObject({ attempts: 1, cost: 0.01 });
  });

  it('tries again from the start after a fault on the way to the work', async () => {
    let faults = 1;
    const outcome = await runEval({
      dataset: fakeTasks(2),
      agent: fakeSolver,
      runtime: fakeBenchmarkRuntime({
        on: ({ label }) =>
          label === 'replace the history by one commit' && faults-- > 0 ? lost() : undefined,
      }),
      retries: patient,
    });
    expect(outcome.records.map(({ status, attempt, workOf }) => ({ status, attempt, workOf }))).toEqual([
      { status: 'scored', attempt: 2, workOf: undefined },
      { status: 'scored', attempt: 1, workOf: undefined },
    ]);
  });

  it('gives up on faults that stay, keeps them apart and goes on with the other tasks', async () => {
    const outcome = await runEval({
      dataset: fakeTasks(3),
      agent: fakeSolver,
      runtime: fakeBenchmarkRuntime({
        on: ({ label, taskId }) => (label === 'start' && taskId === '1_1' ? lost() : undefined),
      }),
      retries: { ...patient, attempts: 2 },
    });
    expect(outcome.records.map(({ status, attempt }) => `${status} ${attempt}`)).toEqual([
      'scored 1',
      'error 3',
      'scored 1',
    ]);
    expect(outcome.summary.faults).toMatchObject({ attempts: 3, byCode: { computer_lost: 3 } });
  });

  it('does not repeat an error that would come again, unless it is told to', async () => {
    let calls = 0;
    const failing = {
      name: 'failing',
      solve: async () => {
        calls++;
        throw new Error('a bug in the agent');
      },
    };
    const options = { dataset: fakeTasks(1), agent: failing, runtime: fakeBenchmarkRuntime() };
    await runEval({ ...options, retries: patient });
    expect(calls).toBe(1);
    const decide = ({ error }: { error: { code: string } }) => error.code === 'agent' || undefined;
    await runEval({ ...options, retries: { ...patient, attempts: 2, decide } });
    expect(calls).toBe(4);
  });

  it('stops when too many samples end with an error', async () => {
    const outcome = await runEval({
      dataset: fakeTasks(10),
      agent: async () => {
        throw new Error('no');
      },
      runtime: fakeBenchmarkRuntime(),
      failOnError: 0.2,
      concurrency: 1,
    });
    expect(outcome.status).toBe('stopped');
    expect(outcome.records).toHaveLength(2);
  });

  it.each([
    [{ epochs: 0 }, /epochs/],
    [{ concurrency: { tasks: 1.5 } }, /concurrency\.tasks/],
    [{ retries: { gradings: -1 } }, /retries\.gradings/],
    [{ failOnError: 0 }, /failOnError/],
  ])('refuses %j', (wrong, message) => {
    const options = { dataset: fakeTasks(1), agent: fakeSolver, runtime: fakeBenchmarkRuntime() };
    expect(() => runEval({ ...options, ...wrong })).toThrow(message);
  });

  it('holds back grading and starts where they are bounded', async () => {
    let grading = 0;
    let most = 0;
    const runtime = fakeBenchmarkRuntime({
      on: ({ label }) => {
        if (label !== 'end-to-end tests') return undefined;
        most = Math.max(most, ++grading);
        return turn().then(() => {
          grading--;
        });
      },
    });
    const outcome = await runEval({
      dataset: fakeTasks(12),
      agent: fakeSolver,
      runtime,
      concurrency: { tasks: 12, grading: 2, starts: 3, commands: 4 },
    });
    expect(outcome.summary.overall.earned).toBe(outcome.summary.overall.available);
    expect(most).toBeLessThanOrEqual(2);
  });

  it.each([1, 3])('starts no more than %i computers at once, whatever they are for', async (starts) => {
    const starting = new Set<object>();
    const purposes = new Set<string>();
    let most = 0;
    const runtime = fakeBenchmarkRuntime({
      on: ({ label, purpose }) => {
        if (label !== 'start') return undefined;
        const start = {};
        purposes.add(purpose);
        starting.add(start);
        most = Math.max(most, starting.size);
        return (async () => {
          for (let turns = 0; turns < 5; turns++) await turn();
          starting.delete(start);
        })();
      },
    });
    const agent = {
      name: 'looks first',
      solve: async (context: AgentContext) => {
        await context.userTool?.();
        return await fakeSolver.solve(context);
      },
    };
    const options = { dataset: fakeTasks(12), runtime, concurrency: { tasks: 12, starts } };
    const outcome = await runEval({ ...options, agent });
    expect(outcome.summary.overall.earned).toBe(outcome.summary.overall.available);
    expect([...purposes].sort()).toEqual(['agent', 'grading', 'user-tool']);
    expect(most).toBe(starts);
  });

  it('keeps no place among the starts for one that waits for the set-up another one makes', async () => {
    const dataset = Dataset.fromTasks([icTask({ id: '1_1' }), icTask({ id: '2_1' })]);
    const begun: string[] = [];
    const snapshots = withStubbornSnapshots(
      fakeBenchmarkRuntime({
        on: ({ label, taskId }) => {
          if (label !== 'start') return undefined;
          begun.push(taskId);
          if (begun.length > 1) return undefined;
          return (async () => {
            while (!begun.includes('2_1')) await turn();
          })();
        },
      }),
    );
    const outcome = await runEval({
      dataset,
      epochs: 2,
      agent: fakeSolver,
      runtime: snapshots,
      concurrency: { tasks: 3, starts: 2 },
    });
    expect(begun.slice(0, 2)).toEqual(['1_1', '2_1']);
    expect(outcome.records.map(({ status }) => status)).toEqual(Array(4).fill('scored'));
  });

  it('fetches no more images at once than it may, ahead of their use and in starts', async () => {
    let [fetching, most, fetched] = [0, 0, 0];
    const fetch = async ({ pullGate, signal }: StartOptions) =>
      pullGate?.(async () => {
        most = Math.max(most, ++fetching);
        fetched++;
        await turn();
        fetching--;
      }, signal);
    const benchmark = fakeBenchmarkRuntime();
    const runtime: ComputerRuntime = {
      name: 'fetching',
      prefetchImage: async (_, options) => fetch(options),
      start: async (request, options) => {
        await fetch(options);
        return await benchmark.start(request, options);
      },
    };
    const run = runEval({
      dataset: fakeTasks(12),
      agent: fakeSolver,
      runtime,
      concurrency: { tasks: 12, pulls: 2 },
      computers: { images: { kind: 'per-task' } },
    });
    expect(run.plan.concurrency).toMatchObject({ pulls: 2, starts: Infinity });
    expect((await run).summary.overall.correct).toBe(12);
    expect(most).toBe(2);
    expect(fetched, 'two computers a task, and most images ahead').toBeGreaterThan(24);
  });

  it('keeps commands under their ceilings, and under others while it runs', async () => {
    const held: (() => void)[] = [];
    let running = 0;
    const runtime = fakeBenchmarkRuntime({
      on: ({ label }) => {
        if (label !== 'busy') return undefined;
        running++;
        return new Promise<void>((resolve) => held.push(resolve)).then(() => {
          running--;
        });
      },
    });
    const busy = (commands: number): AgentFunction => {
      return async (context) => {
        const all = Array.from({ length: commands }, () =>
          context.computer.sendShellCommand('x', { label: 'busy' }),
        );
        await Promise.all(all);
        return await fakeSolver.solve(context);
      };
    };
    const settle = async () => {
      for (let rounds = 0; rounds < 50; rounds++) await turn();
    };
    const until = async (count: number) => {
      while (running < count) await turn();
      await settle();
      expect(running).toBe(count);
    };
    const bounded = runEval({
      dataset: fakeTasks(2),
      agent: busy(12),
      runtime,
      concurrency: { tasks: 2, commands: 12, commandsPerComputer: 2 },
    });
    await until(4);
    bounded.setConcurrency({ commandsPerComputer: Infinity });
    expect(bounded.plan.concurrency).toMatchObject({ commands: 12, commandsPerComputer: Infinity });
    await until(12);
    bounded.setConcurrency({ commands: 20 });
    await until(20);
    bounded.setConcurrency({ commands: 1 });
    held.splice(0).forEach((resolve) => resolve());
    await until(1);
    bounded.setConcurrency({ commands: Infinity });
    const letGo = setInterval(() => held.splice(0).forEach((resolve) => resolve()), 1);
    try {
      expect((await bounded).summary.overall.correct).toBe(2);
    } finally {
      clearInterval(letGo);
    }
  });

  it('bounds the commands of computers that are started after the bound was set', async () => {
    let [running, most] = [0, 0];
    const runtime = fakeBenchmarkRuntime({
      on: ({ label }) => {
        if (label !== 'busy') return undefined;
        most = Math.max(most, ++running);
        return turn().then(() => {
          running--;
        });
      },
    });
    const atMost: number[] = [];
    const run = runEval({
      dataset: fakeTasks(3),
      agent: async (context) => {
        most = 0;
        if (atMost.length === 1) run.setConcurrency({ commandsPerComputer: 3 });
        const all = Array.from({ length: 12 }, () =>
          context.computer.sendShellCommand('x', { label: 'busy' }),
        );
        await Promise.all(all);
        atMost.push(most);
        return await fakeSolver.solve(context);
      },
      runtime,
      concurrency: 1,
    });
    expect((await run).summary.overall.correct).toBe(3);
    expect(atMost).toEqual([12, 12, 3]);
  });

  it('fetches the next image while this one is in use, and lets it go after its last use', async () => {
    const calls: string[] = [];
    const runtime = {
      ...fakeBenchmarkRuntime(),
      prefetchImage: async (image: string) => {
        calls.push(`fetch ${image}`);
        throw new Error('the registry is down');
      },
      evictImage: async (image: string, { belowFreeBytes }: { belowFreeBytes: number }) => {
        calls.push(`evict ${image} below ${belowFreeBytes}`);
        return gone;
      },
    };
    const dataset = fakeTasks(8);
    const outcome = await runEval({
      dataset,
      agent: fakeSolver,
      runtime,
      epochs: 2,
      concurrency: 1,
      keepFreeBytes: 10,
      computers: { images: { kind: 'per-task' } },
    });
    expect(outcome.summary.overall.correct).toBe(16);
    // Six IC tasks have an image each; the two manager tasks share one.
    const images = calls.filter((call) => call.startsWith('evict'));
    expect(new Set(images).size).toBe(7);
    expect(images).toHaveLength(7);
    expect(images[0]).toBe('evict swelancer_x86_0_1:latest below 10');
    expect(calls.indexOf('fetch swelancer_x86_1_1:latest')).toBeLessThan(calls.indexOf(images[0] ?? ''));
  });

  it('asks again about images that were not let go after their last use', async () => {
    const calls: string[] = [];
    const runtime = {
      ...fakeBenchmarkRuntime(),
      evictImage: async (image: string) => {
        calls.push(image);
        // There is room to begin with, and later not.
        return calls.length > 2 ? gone : kept;
      },
    };
    const options = { dataset: fakeTasks(8), agent: fakeSolver, runtime, concurrency: 1 } as const;
    const { summary } = await runEval({ ...options, computers: { images: { kind: 'per-task' } } });
    expect(summary.overall.correct).toBe(8);
    const first = 'swelancer_x86_0_1:latest';
    expect(calls.slice(0, 3)).toEqual([first, first, expect.any(String)]);
    expect(calls.filter((image) => image === first)).toHaveLength(3);
    expect(new Set(calls).size).toBe(7);
  });

  it('asks again about an image that one machine has let go and another has not, and about none that stays', async () => {
    const calls: string[] = [];
    const [first, second] = ['swelancer_x86_0_1:latest', 'swelancer_x86_1_1:latest'];
    const runtime = {
      ...fakeBenchmarkRuntime(),
      evictImage: async (image: string) => {
        calls.push(image);
        if (image === second) return stays;
        return image === first && calls.length === 1 ? { removed: true, mayGoLater: true } : gone;
      },
    };
    const options = { dataset: fakeTasks(3), agent: fakeSolver, runtime, concurrency: 1 } as const;
    await runEval({ ...options, computers: { images: { kind: 'per-task' } } });
    expect(calls).toEqual([first, first, second, 'swelancer_x86_2_1:latest']);
  });

  it('tries a start again that the full disk refused, once an image has gone after its last use', async () => {
    const images = new Set<string>();
    const refused: string[] = [];
    const fake = fakeBenchmarkRuntime();
    const runtime: ComputerRuntime = {
      ...fake,
      start: async (request, options) => {
        const { image } = request;
        if (!images.has(image) && images.size === 2) {
          refused.push(image);
          throw new ImagePullError(`${image} was not pulled: the disk is full.`, {
            image,
            reason: 'no_space',
          });
        }
        images.add(image);
        return await fake.start(request, options);
      },
      evictImage: async (image) => (images.delete(image) ? gone : kept),
    };
    const options = {
      dataset: fakeTasks(3),
      agent: fakeSolver,
      computers: { images: { kind: 'per-task' } },
    } as const;
    const retries = { waitMs: 1, maxWaitMs: 1 };
    const { records } = await runEval({ ...options, runtime, retries, concurrency: 3 });
    expect(refused).toHaveLength(1);
    expect(records.map(({ status }) => status)).toEqual(['scored', 'scored', 'scored']);
    // Where nothing goes, nobody waits for ever.
    const full = { ...runtime, evictImage: async () => kept };
    images.clear();
    const stuck = await runEval({ ...options, runtime: full, retries, concurrency: 3 });
    expect(stuck.records.map(({ status }) => status).sort()).toEqual(['error', 'scored', 'scored']);
  });

  it('asks about every image that may go before it gives up on a full disk', async () => {
    const images: string[] = [];
    const fake = fakeBenchmarkRuntime();
    const runtime: ComputerRuntime = {
      ...fake,
      start: async (request, options) => {
        const { image } = request;
        if (!images.includes(image) && images.length === 5)
          throw new ImagePullError(`${image} was not pulled: the disk is full.`, {
            image,
            reason: 'no_space',
          });
        if (!images.includes(image)) images.push(image);
        return await fake.start(request, options);
      },
      // The first four are still used by somebody.
      evictImage: async (image) => (images.indexOf(image) === 4 && images.pop() === image ? gone : kept),
    };
    const { records } = await runEval({
      dataset: fakeTasks(6),
      agent: fakeSolver,
      runtime,
      computers: { images: { kind: 'per-task' } },
      retries: patient,
      concurrency: 1,
    });
    expect(records.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 'scored'));
  });

  it('goes on when snapshots cannot be removed, and tells which stayed', async () => {
    const removals: string[] = [];
    const runtime = withStubbornSnapshots(fakeBenchmarkRuntime(), (image) => removals.push(image));
    const events = new RunEvents();
    const told: string[] = [];
    events.on('diagnostic', ({ message }) => told.push(message));
    const options = { dataset: fakeTasks(3), agent: fakeSolver, runtime, epochs: 2, concurrency: 1 };
    const { status, records } = await runEval({ ...options, events });
    expect(status).toBe('completed');
    expect(records.map((record) => record.status)).toEqual(Array.from({ length: 6 }, () => 'scored'));
    expect(removals.length).toBeGreaterThan(new Set(removals).size);
    expect(told).toEqual([
      expect.stringMatching(/snapshots of set-ups could not be removed.*engine is busy/i),
    ]);
  });

  it('fetches and removes no images here where the samples run elsewhere', async () => {
    const calls: string[] = [];
    const runtime = {
      ...fakeBenchmarkRuntime(),
      prefetchImage: async (image: string) => void calls.push(image),
      evictImage: async (image: string) => (calls.push(image), gone),
    };
    const elsewhere = fakeBenchmarkRuntime();
    const options = {
      dataset: fakeTasks(4),
      agent: fakeSolver,
      computers: { images: { kind: 'per-task' } },
    } as const;
    const outcome = await runEval({
      ...options,
      runtime,
      executor: {
        name: 'elsewhere',
        run: async (job, { signal }) => await runSampleJob(job, { ...options, runtime: elsewhere, signal }),
      },
    });
    expect(outcome.records).toHaveLength(4);
    expect(calls).toEqual([]);
  });

  it('counts what an attempt had spent that ran elsewhere and could not be stopped in time', async () => {
    const run = runEval({
      dataset: fakeTasks(1),
      agent: fakeSolver,
      runtime: fakeBenchmarkRuntime(),
      executor: {
        name: 'elsewhere',
        run: async ({ schema, runId, taskId, epoch, attempt }) => {
          run.cancel();
          const spent = [{ costDollars: 0.25 }, { costDollars: 0.5 }];
          return { schema, runId, taskId, epoch, attempt, type: 'unfinished', spent };
        },
      },
    });
    const { records, summary } = await run;
    expect(records).toEqual([]);
    expect(summary.cost).toMatchObject({ cost: 0.75, unfinishedAttempts: 1 });
  });

  it('is not ended by what one agent or scorer hands over', async () => {
    const big: unknown = { big: 1n };
    const agent = {
      name: 'odd',
      solve: async (context: AgentContext) => {
        await fakeSolver.solve(context);
        const odd = [
          { usage: { costDollars: NaN, turns: 3 } },
          { usage: { turns: 2.5 }, metadata: big as Record<string, unknown> },
          { message: 7 as unknown as string },
          {},
        ];
        return odd[Number.parseInt(context.task.id, 10)] ?? {};
      },
    };
    const outcome = await runEval({ dataset: fakeTasks(4), agent, runtime: fakeBenchmarkRuntime() });
    expect(outcome.records.map(({ status }) => status)).toEqual(['scored', 'scored', 'error', 'scored']);
    expect(outcome.records[0]?.usage).toEqual({ turns: 3 });
    expect(outcome.records[0]?.warnings).toMatchObject([
      { code: 'agent', message: expect.stringContaining('costDollars') },
    ]);
    expect(outcome.records[1]).toMatchObject({ usage: {}, warnings: [{}, {}] });
    const scorer: Scorer = {
      name: 'broken',
      score: async () => ({ outcome: 'splendid', value: 2 }) as never,
    };
    const scored = await runEval({
      dataset: fakeTasks(2),
      agent: fakeSolver,
      runtime: fakeBenchmarkRuntime(),
      scorer,
    });
    expect(scored.records).toMatchObject([
      {
        status: 'error',
        error: { code: 'grading', message: expect.stringMatching(/gave no valid score: .*outcome/) },
      },
      { status: 'error' },
    ]);
  });

  it('hands its error to whoever iterates', async () => {
    const read = async () => {
      const seen: string[] = [];
      const store = '/dev/null/no-folder';
      const run = runEval({
        dataset: fakeTasks(2),
        agent: fakeSolver,
        runtime: fakeBenchmarkRuntime(),
        store,
      });
      for await (const { taskId } of run) seen.push(taskId);
      return seen;
    };
    await expect(read()).rejects.toThrow(/ENOTDIR/);
  });
});
