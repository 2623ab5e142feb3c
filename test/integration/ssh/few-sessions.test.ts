import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ComputerInterface } from '../../../src/computer/index.js';
import { durabilityOf } from '../../../src/computer/channel/durability.js';
import { type SshComputerOptions, sshComputer, sshRuntime } from '../../../src/computer/ssh/index.js';
import { sessionLimits } from '../../../src/computer/ssh/session-limits.js';
import { startSshComputer } from '../../../src/computer/ssh/ssh-computer.js';
import { describeSsh, type SshServer } from '../../fixtures/ssh-server.js';
import { closing, connect, serve } from './opened.js';
import { processesWith, uniqueSeconds, until } from './remote-processes.js';

/** Less than anybody would wait in vain. */
const timeoutMs = 20_000;

async function expectEveryKindWorks(computer: ComputerInterface, server: SshServer): Promise<void> {
  const path = join(server.folder, 'file');
  const calls = () => [
    computer.sendShellCommand('echo lane', { timeoutMs }),
    computer.sendShellCommand('cat', { stdin: 'lane', timeoutMs }).then((result) => {
      expect(result.stdout).toBe('lane');
      return { ...result, stdout: 'lane\n' };
    }),
    computer.sendShellCommand('echo lane', { durable: true, timeoutMs }),
    computer.upload(Buffer.from('lane\n'), path, { timeoutMs }).then(async () => ({
      stdout: Buffer.from(await computer.download(path, { timeoutMs })).toString(),
    })),
  ];
  const numbers = Array.from({ length: 8 }, (_, index) => index);
  const results = await Promise.all([
    ...numbers.map((number) => computer.sendShellCommand(`sleep 0.1; echo ${number}`, { timeoutMs })),
    ...calls(),
  ]);
  const expected = [...numbers, 'lane', 'lane', 'lane', 'lane'].map((word) => `${word}\n`);
  expect(results.map(({ stdout }) => stdout)).toEqual(expected);
  // On a computer whose lanes are all idle.
  for (const call of await Promise.all(calls())) expect(call.stdout).toBe('lane\n');
  await expect(
    computer.sendShellCommand('setsid sleep 300', { timeoutMs: 1000, killGraceMs: 0 }),
  ).rejects.toMatchObject({ code: 'command_timeout', kill: { outcome: 'confirmed' } });
}

/** A computer whose calls wait 100 ms for a session before somebody is told. */
async function impatient(options: SshComputerOptions): Promise<ComputerInterface> {
  const given = { entryCommand: false, environment: {}, ...options } as const;
  const limits = { ...sessionLimits(given), patienceMs: 100 };
  return closing(await startSshComputer(given, {}, undefined, limits));
}

/** The shells of that server's computers that end processes. */
function controlShells({ options: { port } }: SshServer): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
        return environment.includes('.control\0') && environment.includes(` ${port}\0`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

describeSsh('SSH with few sessions', () => {
  test.each([
    { sessionsPerConnection: 8, maxConnections: 1 },
    { sessionsPerConnection: 3, maxConnections: 1 },
    { sessionsPerConnection: 1, maxConnections: 3 },
    { sessionsPerConnection: 2, maxConnections: 1, leaseMs: 0 },
  ])('every kind of call works with $sessionsPerConnection × $maxConnections', async (numbers) => {
    const server = await serve();
    await expectEveryKindWorks(await connect({ ...server.options, ...numbers }), server);
  });

  test('every kind of call works on a server that allows one session', async () => {
    const server = await serve({ configuration: ['MaxSessions 1'] });
    await expectEveryKindWorks(await connect(server.options), server);
  });

  test('commands that go on and on leave room for a file', async () => {
    const server = await serve();
    const computer = await connect({ ...server.options, sessionsPerConnection: 3, maxConnections: 1 });
    let isOver = false;
    const workers = Array.from({ length: 3 }, async () => {
      while (!isOver) await computer.sendShellCommand('true', { timeoutMs });
    });
    const path = join(server.folder, 'file');
    try {
      for (const text of ['first', 'second', 'third']) {
        await computer.upload(Buffer.from(text), path, { timeoutMs });
        expect(Buffer.from(await computer.download(path, { timeoutMs })).toString()).toBe(text);
      }
    } finally {
      isOver = true;
      await Promise.all(workers);
    }
  });

  test('the shell that ends processes comes back although commands wait for its room', async () => {
    const server = await serve();
    const computer = await connect({ ...server.options, sessionsPerConnection: 3, maxConnections: 1 });
    const seconds = uniqueSeconds();
    await computer.sendShellCommand('true');
    const control = controlShells(server);
    const running = computer.sendShellCommand(`sleep ${seconds}`, { timeoutMs: 2000, killGraceMs: 0 });
    running.catch(() => undefined);
    await until('the command runs', () => processesWith(`sleep ${seconds}`).length > 0);
    const abort = new AbortController();
    const turn = uniqueSeconds();
    const waiting = computer.sendShellCommand(`sleep ${turn}`, { signal: abort.signal, killGraceMs: 0 });
    waiting.catch(() => undefined);
    for (const pid of control) process.kill(pid, 'SIGKILL');
    await expect(running).rejects.toMatchObject({ kill: { outcome: 'confirmed', survivors: 0 } });
    await until('the other command has its turn', () => processesWith(`sleep ${turn}`).length > 0);
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ kill: { outcome: 'confirmed', survivors: 0 } });
  });

  test('a call that waits for long is told by an event, and has its turn', async () => {
    const server = await serve();
    const numbers = { sessionsPerConnection: 3, maxConnections: 1 };
    let tell: (reason: unknown) => void = () => undefined;
    const told = new Promise((resolve) => {
      tell = resolve;
    });
    const computer = await impatient({
      ...{ ...server.options, ...numbers },
      ...durabilityOf({}, (type, data) => {
        if (type === 'computer.degraded' && 'reason' in data) tell(data.reason);
      }),
    });
    const [seconds, turn] = [uniqueSeconds(), uniqueSeconds()];
    const first = new AbortController();
    const running = computer.sendShellCommand(`sleep ${seconds}`, { signal: first.signal, killGraceMs: 0 });
    running.catch(() => undefined);
    await until('the command runs', () => processesWith(`sleep ${seconds}`).length > 0);
    const waiting = computer.sendShellCommand(`echo ${turn}`);
    expect(await told).toMatch(/has waited 100 ms for one of the 3 sessions.*maxConnections/);
    first.abort();
    await expect(running).rejects.toMatchObject({ code: 'aborted' });
    expect((await waiting).stdout).toBe(`${turn}\n`);
  });

  test('a server that allows fewer sessions than a computer needs is told as that', async () => {
    const server = await serve({ configuration: ['MaxSessions 1'] });
    const computer = await impatient({ ...server.options, maxConnections: 2 });
    await expect(computer.sendShellCommand('true')).rejects.toMatchObject({
      code: 'command_spawn',
      reason: 'other',
      message: expect.stringMatching(/allows 2 sessions over 2 connections, .* needs 3\..*MaxSessions/),
    });
  });

  test('numbers that leave nothing for commands are refused', async () => {
    const few = { destination: 'host', sessionsPerConnection: 2, maxConnections: 1 };
    const refusal = { code: 'configuration', message: expect.stringMatching(/too few.*maxConnections/s) };
    await expect(sshComputer(few)).rejects.toMatchObject(refusal);
    expect(() => sshRuntime(few)).toThrow(expect.objectContaining(refusal));
    expect(() => sshRuntime({ ...few, leaseMs: 0 })).not.toThrow();
  });
});
