import { mkdtempSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localRuntime } from '../../../../src/computer/local/index.js';
import { linkedComputer } from '../../../fixtures/five-methods.js';
import { shComputer } from '../fixtures/sh-computer.js';
import { pooledRuntime } from '../../../../src/computer/pool/index.js';
import {
  Computer,
  type ComputerInterface,
  type ComputerRuntime,
  ComputerStartError,
  ConfigurationError,
  defineComputer,
  type Gate,
  ImagePullError,
  type StartOptions,
} from '../../../../src/index.js';

const request = { purpose: 'agent', image: 'i', environment: {}, workingDirectory: '/' } as const;
const silent = { emit: () => undefined };

/** A member whose computers do nothing; it tells how many it runs. */
function member(
  name: string,
  fail?: () => Error | undefined,
): ComputerRuntime & { started: number; running: number; most: number } {
  const runtime = {
    name,
    started: 0,
    running: 0,
    most: 0,
    start: async (): Promise<ComputerInterface> => {
      const error = fail?.();
      if (error) throw error;
      runtime.started++;
      runtime.most = Math.max(runtime.most, ++runtime.running);
      return defineComputer({
        sendShellCommand: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
        upload: async () => undefined,
        download: async () => new Uint8Array(),
        cleanup: async () => {
          runtime.running--;
        },
      });
    },
  };
  return runtime;
}

const unreachable = () => new ComputerStartError('no engine', { reason: 'engine_unreachable' });

describe('pooledRuntime', () => {
  it('shows the plan it works by, with every value in force', () => {
    const pool = pooledRuntime([
      { runtime: member('docker'), capacity: 4 },
      { runtime: member('docker'), capacity: 2, weight: 1 },
    ]);
    expect(pool.plan).toEqual({
      members: [
        { name: 'docker-1', runtime: 'docker', capacity: 4, weight: 4, starts: 2, pulls: null },
        { name: 'docker-2', runtime: 'docker', capacity: 2, weight: 1, starts: 2, pulls: null },
      ],
      capacity: 6,
      starts: 4,
      pulls: null,
      commandsPerComputer: 8,
      commands: null,
      snapshotWaitMs: 30_000,
      failuresBeforePause: 3,
      pauseMs: 60_000,
    });
    expect(JSON.parse(JSON.stringify(pool.plan))).toEqual(pool.plan);
  });

  it('refuses a plan that cannot be, naming the option', () => {
    expect(() => pooledRuntime([])).toThrow(ConfigurationError);
    expect(() => pooledRuntime([{ runtime: member('a'), capacity: 0 }])).toThrow(/members\.0\.capacity/);
    expect(() => pooledRuntime([{ runtime: member('a'), capacity: 1 }], { commands: -1 })).toThrow(
      /options\.commands/,
    );
    expect(() =>
      pooledRuntime([
        { runtime: member('a'), name: 'x', capacity: 1 },
        { runtime: member('b'), name: 'x', capacity: 1 },
      ]),
    ).toThrow(/named x/);
  });

  it('spreads computers by weight, and never beyond a capacity', async () => {
    const [big, small] = [member('big'), member('small')];
    const pool = pooledRuntime([
      { runtime: big, capacity: 6 },
      { runtime: small, capacity: 3 },
    ]);
    const six = await Promise.all(Array.from({ length: 6 }, () => pool.start(request, silent)));
    expect([big.running, small.running]).toEqual([4, 2]);
    await Promise.all(six.map((computer) => computer.cleanup()));
    expect(pool.state().members.map(({ running }) => running)).toEqual([0, 0]);
  });

  it('serves those who wait in the order they came', async () => {
    const pool = pooledRuntime([{ runtime: member('only'), capacity: 1 }]);
    const first = await pool.start(request, silent);
    const order: number[] = [];
    const waiting = [1, 2, 3].map(async (turn) => {
      const computer = await pool.start(request, silent);
      order.push(turn);
      await computer.cleanup();
    });
    expect(pool.state().waiting).toBe(3);
    await first.cleanup();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });

  it('keeps the place in the line of those whose member could not serve them', async () => {
    const bad = member('bad', unreachable);
    const pool = pooledRuntime(
      [
        { name: 'bad', runtime: bad, capacity: 2 },
        { name: 'good', runtime: member('good'), capacity: 1 },
      ],
      { failuresBeforePause: 2 },
    );
    const held = await pool.start(request, { ...silent, timeoutMs: 5000 });
    const order: number[] = [];
    const starts = [0, 1, 2, 3].map(async (number) => {
      const computer = await pool.start(request, { ...silent, timeoutMs: 5000 });
      order.push(number);
      await computer.cleanup();
    });
    while (pool.state().waiting < 4) await turn();
    await held.cleanup();
    await Promise.all(starts);
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('sends those who wait for their turn on a member elsewhere once it is left alone', async () => {
    let asked = 0;
    const bad = member('bad', () => {
      asked++;
      return unreachable();
    });
    const pool = pooledRuntime(
      [
        { name: 'bad', runtime: bad, capacity: 8, starts: 1 },
        { name: 'good', runtime: member('good'), capacity: 8 },
      ],
      { failuresBeforePause: 2 },
    );
    const computers = await Promise.all(
      Array.from({ length: 8 }, async () => pool.start(request, { ...silent, timeoutMs: 5000 })),
    );
    expect(computers).toHaveLength(8);
    // The third has its turn before the second failure is counted.
    expect(asked).toBeLessThanOrEqual(3);
  });

  it('forgets those who stop waiting', async () => {
    const pool = pooledRuntime([{ runtime: member('only'), capacity: 1 }]);
    const first = await pool.start(request, silent);
    const stop = new AbortController();
    const gaveUp = pool.start(request, { ...silent, signal: stop.signal });
    const late = pool.start(request, { ...silent, timeoutMs: 20 });
    stop.abort();
    await expect(gaveUp).rejects.toMatchObject({ code: 'aborted' });
    await expect(late).rejects.toMatchObject({ code: 'timeout' });
    expect(pool.state().waiting).toBe(0);
    await first.cleanup();
    await (await pool.start(request, silent)).cleanup();
  });

  it('asks another member where one cannot be reached, and leaves that one alone', async () => {
    let asked = 0;
    const bad = member('bad', () => {
      asked++;
      return unreachable();
    });
    const good = member('good');
    const pool = pooledRuntime(
      [
        { runtime: bad, capacity: 10 },
        { runtime: good, capacity: 5 },
      ],
      { failuresBeforePause: 2 },
    );
    const started = await Promise.all(Array.from({ length: 5 }, () => pool.start(request, silent)));
    expect(good.started).toBe(5);
    expect(pool.state().members[0]?.state).toBe('paused');
    const before = asked;
    await started[0]?.cleanup();
    await pool.start(request, silent);
    expect(asked).toBe(before);
  });

  it('asks another member where nobody can tell whose fault it is, and counts it once that one has served', async () => {
    const refused = () => new ComputerStartError('the host key has changed', { reason: 'other' });
    const broken = member('broken', refused);
    const fine = member('fine');
    const pool = pooledRuntime(
      [
        { runtime: broken, capacity: 8 },
        { runtime: fine, capacity: 8 },
      ],
      { failuresBeforePause: 2 },
    );
    for (let count = 0; count < 4; count++) await pool.start(request, silent);
    expect(fine.started).toBe(4);
    expect(pool.state().members.map(({ state }) => state)).toEqual(['paused', 'working']);
  });

  it('says what a member has refused where the others have no room in time', async () => {
    const refused = () => new Error('no such user');
    const pool = pooledRuntime([
      { runtime: member('broken', refused), capacity: 8 },
      { runtime: member('full'), capacity: 1 },
    ]);
    await pool.start(request, silent);
    await expect(pool.start(request, { ...silent, timeoutMs: 50 })).rejects.toThrow('no such user');
  });

  it('leaves no member alone for what all of them refuse', async () => {
    const refused = () => new Error('no such user');
    const pool = pooledRuntime(
      ['one', 'two'].map((name) => ({ runtime: member(name, refused), capacity: 1 })),
      { failuresBeforePause: 1 },
    );
    for (let count = 0; count < 3; count++) {
      await expect(pool.start(request, silent)).rejects.toThrow('no such user');
    }
    expect(pool.state().members.map(({ state }) => state)).toEqual(['working', 'working']);
  });

  it('takes a paused member back when its pause is over', async () => {
    let broken = true;
    const only = member('only', () => (broken ? unreachable() : undefined));
    const pool = pooledRuntime([{ runtime: only, capacity: 1 }], { failuresBeforePause: 1, pauseMs: 30 });
    await expect(pool.start(request, silent)).rejects.toMatchObject({ code: 'computer_start' });
    broken = false;
    await pool.start(request, silent);
    expect(only.started).toBe(1);
  });

  it("gives a request's own fault back at once", async () => {
    const missing = member(
      'one',
      () => new ImagePullError('no such image', { image: 'i', reason: 'not_found' }),
    );
    const other = member('other');
    const pool = pooledRuntime([
      { runtime: missing, capacity: 9 },
      { runtime: other, capacity: 1 },
    ]);
    await expect(pool.start(request, silent)).rejects.toMatchObject({ code: 'image_pull' });
    expect(other.started).toBe(0);
    expect(pool.state().members[0]?.running).toBe(0);
  });

  it('drains a member: no new work, and an end when its last computer is gone', async () => {
    const [one, two] = [member('one'), member('two')];
    const pool = pooledRuntime([
      { runtime: one, capacity: 2 },
      { runtime: two, capacity: 2 },
    ]);
    const computers = await Promise.all([pool.start(request, silent), pool.start(request, silent)]);
    let drained = false;
    const draining = pool.drain('one').then(() => {
      drained = true;
    });
    const third = await pool.start(request, silent);
    expect([one.started, two.started, drained]).toEqual([1, 2, false]);
    await Promise.all([...computers, third].map((computer) => computer.cleanup()));
    await draining;
    pool.resume('one');
    expect(pool.state().members.map(({ state }) => state)).toEqual(['working', 'working']);
    await expect(pool.drain('three')).rejects.toThrow(/has no member three/);
  });

  it('keeps commands under the ceilings of a computer and of the pool', async () => {
    let [running, most] = [0, 0];
    const gate = { open: () => undefined as void };
    const opened = new Promise<void>((resolve) => {
      gate.open = resolve;
    });
    const runtime: ComputerRuntime = {
      name: 'counting',
      start: async () =>
        defineComputer({
          sendShellCommand: async () => {
            most = Math.max(most, ++running);
            await opened;
            running--;
            return { exitCode: 0, stdout: '', stderr: '' };
          },
          upload: async () => undefined,
          download: async () => new Uint8Array(),
          cleanup: async () => undefined,
        }),
    };
    const pool = pooledRuntime([{ runtime, capacity: 2 }], { commandsPerComputer: 2, commands: 3 });
    const computers = await Promise.all([pool.start(request, silent), pool.start(request, silent)]);
    const commands = computers.flatMap((computer) =>
      Array.from({ length: 5 }, () => computer.sendShellCommand('x')),
    );
    gate.open();
    await Promise.all(commands);
    expect(most).toBe(3);
  });

  describe('with a ceiling on commands', () => {
    /** A pool of one real computer, with room for one command. */
    async function narrow() {
      const pool = pooledRuntime(
        [{ runtime: localRuntime({ template: mkdtempSync(join(tmpdir(), 'pool-')) }), capacity: 1 }],
        { commandsPerComputer: 1 },
      );
      return Computer.from(await pool.start(request, silent));
    }

    it('ends a command on abort with the proof of it, as without a pool', async () => {
      await using computer = await narrow();
      const control = new AbortController();
      const command = computer.sendShellCommand('echo begun; sleep 300', {
        signal: control.signal,
        onOutput: () => control.abort(),
      });
      await expect(command).rejects.toMatchObject({
        code: 'aborted',
        kill: { outcome: 'confirmed', survivors: 0 },
      });
    });

    it('finds a durable command of a computer of five methods again, and tells where none is kept', async () => {
      const link = linkedComputer();
      const runtime = { name: 'link', start: async () => Promise.resolve(link.computer) };
      const pool = pooledRuntime([{ runtime, capacity: 1 }], { commandsPerComputer: 1 });
      const told: unknown[] = [];
      const emit: StartOptions['emit'] = (type, data) => told.push([type, data]);
      await using computer = Computer.from(await pool.start(request, { emit }));
      let reattached = 0;
      const options = { durable: true, timeoutMs: 30_000, onOutput: () => link.cut() };
      const result = await computer.sendShellCommand('echo begun; sleep 0.5; exit 3', {
        ...options,
        onReattach: () => {
          reattached += 1;
        },
      });
      expect(result).toMatchObject({ exitCode: 3, stdout: 'begun\n', leftoverProcesses: 0 });
      expect([reattached, told]).toEqual([1, []]);
      const control = new AbortController();
      const aborted = computer.sendShellCommand('echo begun; sleep 300', {
        ...{ durable: true, signal: control.signal, onOutput: () => control.abort() },
      });
      await expect(aborted).rejects.toMatchObject({ kill: { outcome: 'confirmed', survivors: 0 } });

      const plain = pooledRuntime([{ runtime: member('a'), capacity: 1 }]);
      await (await plain.start(request, { emit })).sendShellCommand('true', { durable: true });
      expect(told).toMatchObject([
        ['computer.degraded', { reason: expect.stringContaining('cannot keep commands') as string }],
      ]);
    });

    it('lets a command wait for its turn no longer than its time limit', async () => {
      await using computer = await narrow();
      const control = new AbortController();
      const began = new Promise<void>((resolve) => {
        void computer
          .sendShellCommand('echo; sleep 300', { signal: control.signal, onOutput: () => resolve() })
          .catch(() => undefined);
      });
      await began;
      await expect(computer.sendShellCommand('echo late', { timeoutMs: 50 })).rejects.toMatchObject({
        code: 'command_timeout',
        kill: { killed: 0, survivors: 0 },
      });
      control.abort();
      expect((await computer.sendShellCommand('echo next', { timeoutMs: 60_000 })).stdout).toBe('next\n');
    });
  });
});

describe('a pool', () => {
  it('fetches images ahead on every member, lets them go there, and makes snapshots', async () => {
    const calls: string[] = [];
    const machine = (name: string): ComputerRuntime => ({
      name,
      start: async () =>
        shComputer({
          snapshot: async () => ({
            image: name,
            remove: async () => undefined,
            [Symbol.asyncDispose]: async () => undefined,
          }),
        }),
      prefetchImage: async (image) => void calls.push(`${name} fetches ${image}`),
      evictImage: async (image) => {
        calls.push(`${name} lets go of ${image}`);
        return { removed: name === 'b', mayGoLater: false };
      },
    });
    const both = pooledRuntime([
      { runtime: machine('a'), capacity: 1 },
      { runtime: machine('b'), capacity: 1 },
    ]);
    await both.prefetchImage?.('i', silent);
    expect(await both.evictImage?.('i', { belowFreeBytes: 1 })).toEqual({ removed: true, mayGoLater: false });
    expect(calls).toEqual(['a fetches i', 'b fetches i', 'a lets go of i', 'b lets go of i']);
    const one = pooledRuntime([{ runtime: machine('a'), capacity: 1 }], { commands: 50 });
    expect(Computer.from(await one.start(request, silent)).canSnapshot).toBe(true);
    expect(pooledRuntime([{ runtime: member('plain'), capacity: 1 }]).prefetchImage).toBeUndefined();
  });

  it('says that an image may go later where one member let it go and another uses it', async () => {
    const using = new Set(['b']);
    const having = new Set(['a', 'b']);
    const machine = (name: string): ComputerRuntime => ({
      ...member(name),
      evictImage: async () => {
        if (having.has(name) && using.has(name)) return { removed: false, mayGoLater: true };
        return { removed: having.delete(name), mayGoLater: false };
      },
    });
    const pool = pooledRuntime([...having, 'plain'].map((name) => ({ runtime: machine(name), capacity: 1 })));
    const ask = () => pool.evictImage?.('i', { belowFreeBytes: 1 });
    expect(await ask()).toEqual({ removed: true, mayGoLater: true });
    expect(await ask()).toEqual({ removed: false, mayGoLater: true });
    using.clear();
    expect(await ask()).toEqual({ removed: true, mayGoLater: false });
    expect(await ask()).toEqual({ removed: false, mayGoLater: false });
  });

  it('starts from a snapshot where it is, and says soon when there is no room there', async () => {
    const asked: string[] = [];
    const machine = (name: string): ComputerRuntime => ({
      name,
      start: async ({ image }) => {
        asked.push(`${name} ${image}`);
        const remove = async () => undefined;
        return shComputer({
          snapshot: async () => ({ image: 'copy', remove, [Symbol.asyncDispose]: remove }),
        });
      },
    });
    const pool = pooledRuntime(
      [
        { runtime: machine('a'), capacity: 2, weight: 100 },
        { runtime: machine('b'), capacity: 100, weight: 1 },
      ],
      { snapshotWaitMs: 20 },
    );
    const first = await pool.start(request, silent);
    const snapshot = await Computer.from(first).snapshot();
    const copy = { ...request, image: snapshot.image };
    const second = await pool.start(copy, silent);
    await expect(pool.start(copy, silent)).rejects.toMatchObject({
      code: 'computer_start',
      reason: 'busy',
      message: expect.stringMatching(/^Member a .* copy, had no room for 20 ms/),
    });
    await expect(
      Computer.from(second).sendShellCommand('sleep 60', { timeoutMs: 100 }),
    ).rejects.toMatchObject({
      code: 'command_timeout',
      message: expect.stringContaining('its time limit of 100 ms'),
    });
    await expect(second.sendShellCommand('sleep 60', { timeoutMs: 100 })).rejects.toMatchObject({
      message: expect.stringContaining('its time limit of 100 ms'),
    });
    await expect(pool.start(copy, { ...silent, timeoutMs: 5 })).rejects.toMatchObject({
      code: 'timeout',
      message: expect.not.stringMatching(/\d\.\d/),
    });
    await second.cleanup();
    await (await pool.start(copy, silent)).cleanup();
    expect(asked).toEqual(['a i', 'a copy', 'a copy']);
    await snapshot.remove();
    await pool.start(request, silent);
    await pool.start(copy, silent);
    expect(asked.slice(3), 'what is no snapshot any more is anywhere').toEqual(['a i', 'b copy']);
  });

  it('asks nobody else where the machine of a snapshot cannot be reached', async () => {
    let [broken, asked] = [false, 0];
    const machine = (name: string): ComputerRuntime => ({
      name,
      start: async () => {
        asked++;
        if (broken) throw unreachable();
        const remove = async () => undefined;
        return shComputer({
          snapshot: async () => ({ image: 'copy', remove, [Symbol.asyncDispose]: remove }),
        });
      },
    });
    const pool = pooledRuntime(['a', 'b'].map((name) => ({ runtime: machine(name), capacity: 2 })));
    await Computer.from(await pool.start(request, silent)).snapshot();
    broken = true;
    await expect(pool.start({ ...request, image: 'copy' }, silent)).rejects.toMatchObject({
      reason: 'engine_unreachable',
    });
    expect(asked).toBe(2);
  });

  it('fetches ahead on those members that can, and says which could not', async () => {
    const machine = (name: string, fails: boolean): ComputerRuntime => ({
      ...member(name),
      prefetchImage: async () => {
        if (fails) throw new ImagePullError(`${name} has no room`, { image: 'i', reason: 'no_space' });
      },
      evictImage: async () => {
        if (fails) throw new Error('gone');
        return { removed: true, mayGoLater: false };
      },
    });
    const told: unknown[] = [];
    const options = { emit: (_: string, data: unknown) => void told.push(data) };
    const pool = pooledRuntime([
      { runtime: machine('a', true), capacity: 1 },
      { runtime: machine('b', false), capacity: 1 },
    ]);
    await pool.prefetchImage?.('i', options);
    expect(told).toMatchObject([
      { message: expect.stringMatching(/^Member a .* fetch i/), error: { message: 'a has no room' } },
    ]);
    // Whoever did not answer may have it still.
    expect(await pool.evictImage?.('i', { belowFreeBytes: 1 })).toEqual({ removed: true, mayGoLater: true });
    const none = pooledRuntime([{ runtime: machine('a', true), capacity: 1 }]);
    await expect(none.prefetchImage?.('i', options)).rejects.toThrow('a has no room');
    await expect(none.evictImage?.('i', { belowFreeBytes: 1 })).rejects.toThrow('gone');
  });

  it('fetches no more images at once than each member and the whole may', async () => {
    const [now, most] = [new Map<string, number>(), new Map<string, number>()];
    const count = (name: string, by: number) => {
      now.set(name, (now.get(name) ?? 0) + by);
      most.set(name, Math.max(most.get(name) ?? 0, now.get(name) ?? 0));
    };
    const machine = (name: string): ComputerRuntime => {
      const fetch = async ({ pullGate, signal }: StartOptions) =>
        pullGate?.(async () => {
          for (const each of [name, 'all']) count(each, 1);
          for (let rounds = 0; rounds < 5; rounds++) await turn();
          for (const each of [name, 'all']) count(each, -1);
        }, signal);
      return {
        name,
        prefetchImage: async (_, options) => fetch(options),
        start: async (_, options) => {
          await fetch(options);
          return shComputer();
        },
      };
    };
    const pool = pooledRuntime(
      ['a', 'b', 'c'].map((name) => {
        return { runtime: machine(name), capacity: 4, starts: 4, pulls: name === 'a' ? 1 : 2 };
      }),
      { pulls: 4 },
    );
    expect(pool.plan).toMatchObject({ pulls: 4, members: [{ pulls: 1 }, { pulls: 2 }, { pulls: 2 }] });
    const outside = { now: 0 };
    const pullGate: Gate = async (work) => {
      outside.now++;
      return await work();
    };
    await Promise.all([
      ...Array.from({ length: 4 }, () => pool.prefetchImage?.('i', { ...silent, pullGate })),
      ...Array.from({ length: 12 }, () => pool.start(request, { ...silent, pullGate })),
    ]);
    expect(Object.fromEntries(most)).toEqual({ a: 1, b: 2, c: 2, all: 4 });
    expect(outside.now, "the caller's own bound counts too").toBe(24);
  });

  it('gives a place that comes free to somebody else than a waiter who leaves in the same tick', async () => {
    const pool = pooledRuntime([{ runtime: member('only'), capacity: 1 }]);
    const first = await pool.start(request, silent);
    const leaving = new AbortController();
    const waiting = pool.start(request, { ...silent, signal: leaving.signal });
    waiting.catch(() => undefined);
    await expect.poll(() => pool.state().waiting).toBe(1);
    const given = first.cleanup();
    leaving.abort();
    await given;
    const ended = await waiting.then(
      (computer) => computer.cleanup(),
      () => undefined,
    );
    expect(ended).toBeUndefined();
    expect(pool.state()).toMatchObject({ waiting: 0, members: [{ running: 0 }] });
  });

  it('leaves a member alone whose machine has gone silent', async () => {
    const silentMachine = member('silent', () => new ComputerStartError('no answer', { reason: 'timeout' }));
    const pool = pooledRuntime(
      [
        { runtime: silentMachine, capacity: 1, weight: 100 },
        { runtime: member('other'), capacity: 1 },
      ],
      { failuresBeforePause: 1 },
    );
    await (await pool.start(request, silent)).cleanup();
    expect(pool.state().members[0]).toMatchObject({ name: 'silent', state: 'paused' });
  });

  it('counts the wait for a turn to start against the limit of the start', async () => {
    const limits: (number | undefined)[] = [];
    const gate: (() => void)[] = [];
    const slow: ComputerRuntime = {
      name: 'slow',
      start: async (_, { timeoutMs }) => {
        limits.push(timeoutMs);
        await new Promise<void>((resolve) => gate.push(resolve));
        throw new ComputerStartError('enough', { reason: 'other' });
      },
    };
    const pool = pooledRuntime([{ runtime: slow, capacity: 2, starts: 1 }]);
    const first = pool.start(request, { ...silent, timeoutMs: 60_000 });
    first.catch(() => undefined);
    const second = pool.start(request, { ...silent, timeoutMs: 50 });
    await expect(second).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(/turn to start on member slow/),
    });
    gate[0]?.();
    await expect(first).rejects.toThrow('enough');
    expect(limits).toHaveLength(1);
    expect(pool.state()).toMatchObject({ waiting: 0, members: [{ running: 0 }] });
  });

  it('does not let what ends a command of a plain computer wait behind the command', async () => {
    const plain: ComputerRuntime = { name: 'plain', start: async () => shComputer() };
    const pool = pooledRuntime([{ runtime: plain, capacity: 1 }], { commandsPerComputer: 1, commands: 1 });
    const computer = Computer.from(await pool.start(request, silent));
    const seconds = 500_000 + Math.floor(Math.random() * 100_000);
    await expect(
      computer.sendShellCommand(`setsid sleep ${seconds} & exec sleep ${seconds}`, {
        timeoutMs: 300,
        killGraceMs: 0,
      }),
    ).rejects.toMatchObject({ code: 'command_timeout', kill: { outcome: 'confirmed', survivors: 0 } });
    await computer.sendShellCommand(`setsid sleep ${seconds} >/dev/null 2>&1 &`);
    expect(await computer.killAll()).toMatchObject({ outcome: 'confirmed', killed: 1 });
    await computer.cleanup();
  });
});
