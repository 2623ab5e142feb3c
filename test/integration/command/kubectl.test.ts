import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commandComputer, commandRuntime } from '../../../src/computer/command/index.js';
import type { ComputerInterface, ComputerRequest } from '../../../src/computer/index.js';
import { type PodServer, startPodServer } from '../../fixtures/kubectl/pod-server.js';
import { foldersOf, processesWith, uniqueSeconds, until } from '../ssh/remote-processes.js';

const request: ComputerRequest = {
  purpose: 'grading',
  image: 'an-image',
  environment: { ISSUE_ID: '42' },
  workingDirectory: '/tmp',
};
const call = { emit: () => undefined };

describe('kubectl exec, as a stand-in with its manners', () => {
  let server: PodServer;
  const computers: ComputerInterface[] = [];
  beforeEach(async () => {
    server = await startPodServer();
  });
  afterEach(async () => {
    for (const computer of computers.splice(0)) await computer.cleanup().catch(() => undefined);
    await server[Symbol.asyncDispose]();
  });
  const connect = async (options: object = {}) => {
    const computer = await commandComputer({ prefix: server.prefix('pod-1'), ...options });
    computers.push(computer);
    return computer;
  };

  test('a stream that breaks loses the command, which runs on, and not the computer', async () => {
    const computer = await connect();
    const seconds = uniqueSeconds();
    const running = computer.sendShellCommand(`sleep ${seconds}`);
    running.catch(() => undefined);
    await until('the command runs', () => processesWith(`sleep ${seconds}`).length === 1);
    server.breakConnections();
    await expect(running).rejects.toMatchObject({ code: 'computer_lost', commandMayBeRunning: true });
    expect(processesWith(`sleep ${seconds}`), 'the error told the truth').toHaveLength(1);
    expect((await computer.sendShellCommand('echo well')).stdout).toBe('well\n');
    await computer.cleanup();
    expect(processesWith(`sleep ${seconds}`), 'cleanup ends it').toEqual([]);
  });

  test('a client that is killed on this side is no result of the command', async () => {
    const computer = await connect();
    const seconds = uniqueSeconds();
    const clients = () => processesWith('kubectl.mjs');
    const before = clients();
    const running = computer.sendShellCommand(`sleep ${seconds}`);
    running.catch(() => undefined);
    await until('the command runs', () => processesWith(`sleep ${seconds}`).length === 1);
    for (const pid of clients()) if (!before.includes(pid)) process.kill(pid, 'SIGKILL');
    await expect(running).rejects.toMatchObject({ code: 'computer_lost', commandMayBeRunning: true });
    await computer.cleanup();
    expect(processesWith(`sleep ${seconds}`)).toEqual([]);
  });

  test('an answer that it cannot serve just now is no reason to give up', async () => {
    const computer = await connect();
    server.refuse(2);
    expect((await computer.sendShellCommand('echo served')).stdout).toBe('served\n');
  });

  test('a pod that is not there is told with what the client says', async () => {
    await expect(connect({ prefix: server.prefix('pod-2') })).rejects.toMatchObject({
      code: 'computer_start',
      message: expect.stringContaining('pods "pod-2" not found'),
    });
  });

  test('a prefix that drops the input, or is no program, is told with advice', async () => {
    await expect(connect({ prefix: ['sh', '-c', 'exec "$@" </dev/null', 'sh'] })).rejects.toThrow(/-i/);
    await expect(connect({ prefix: ['sleep', '9', '#'], startTimeoutMs: 200 })).rejects.toBeInstanceOf(Error);
    await expect(connect({ prefix: ['no-such-program'] })).rejects.toMatchObject({ retryable: false });
    await expect(connect({ prefix: [] })).rejects.toMatchObject({ code: 'configuration' });
  });

  test('a client that hangs is told within its limit, and is not left behind', async () => {
    const seconds = uniqueSeconds();
    const hanging = connect({ prefix: ['sh', '-c', `exec sleep ${seconds}`, 'sh'], startTimeoutMs: 300 });
    await expect(hanging).rejects.toThrow(/no shell in time/);
    await until('it is gone', () => processesWith(`sleep ${seconds}`).length === 0);
  });

  test('after the cleanup no client, process or file of ours is left', async () => {
    const computer = await connect({ id: `box-${process.pid}` });
    const seconds = uniqueSeconds();
    await computer.sendShellCommand(`setsid sleep ${seconds} >/dev/null 2>&1 &`);
    expect(foldersOf(`box-${process.pid}`)).toHaveLength(1);
    await computer.cleanup();
    expect(processesWith(`sleep ${seconds}`)).toEqual([]);
    expect(foldersOf(`box-${process.pid}`)).toEqual([]);
    await until('no client is left', () => processesWith(server.prefix('pod-1')[2] ?? '').length === 0);
  });

  test('a runtime makes a place for each computer, and removes it once whatever happens', async () => {
    const made: string[] = [];
    const removed: string[] = [];
    const runtime = (prefix: (pod: string) => readonly string[]) =>
      commandRuntime({
        create: async ({ image }) => {
          made.push(`${image}-${made.length}`);
          return made.at(-1) ?? '';
        },
        prefix,
        destroy: async (pod) => {
          removed.push(pod);
        },
      });
    const good = runtime(() => server.prefix('pod-1'));
    const computer = await good.start(request, call);
    expect((await computer.sendShellCommand('echo $ISSUE_ID; pwd')).stdout).toBe('42\n/tmp\n');
    await Promise.all([computer.cleanup(), computer.cleanup()]);
    await expect(runtime(() => server.prefix('pod-2')).start(request, call)).rejects.toThrow(/not found/);
    await expect(
      runtime(() => {
        throw new Error('no prefix');
      }).start(request, call),
    ).rejects.toThrow('no prefix');
    expect(removed).toEqual(made);
    expect(made).toHaveLength(3);
    await expect(good.start({ ...request, resources: { cpus: 2 } }, call)).rejects.toMatchObject({
      option: 'resources.cpus',
    });
    expect(made).toHaveLength(3);
  });

  test('a prefix that merges the streams is refused at the start', async () => {
    const merging = ['sh', '-c', 'exec "$@" 2>&1', 'sh', ...server.prefix('pod-1')];
    await expect(commandComputer({ prefix: merging })).rejects.toMatchObject({
      code: 'computer_start',
      retryable: false,
      message: expect.stringContaining('must keep the two apart') as string,
    });
  });

  test('a start whose place is made too late, or never, ends at its time limit, and the place is removed', async () => {
    const removed: string[] = [];
    const runtime = (create: (signal: AbortSignal | undefined) => Promise<string>) =>
      commandRuntime({
        create: async (_, { signal }) => create(signal),
        prefix: (pod) => server.prefix(pod),
        destroy: async (pod) => {
          removed.push(pod);
        },
      });
    const made = (signal: AbortSignal | undefined) =>
      new Promise<string>((resolve) => {
        signal?.addEventListener('abort', () => resolve('pod-1'));
      });
    const never = () => new Promise<string>(() => undefined);
    const starts = [made, never].map(async (create) =>
      runtime(create).start(request, { ...call, timeoutMs: 100 }),
    );
    for (const start of starts)
      await expect(start).rejects.toMatchObject({
        code: 'computer_start',
        reason: 'timeout',
        retryable: true,
      });
    expect(removed).toEqual(['pod-1']);
  });

  test('a start in a place that gives no shell ends at its time limit', async () => {
    const removed: string[] = [];
    const runtime = commandRuntime({
      create: async () => Promise.resolve('silent'),
      prefix: () => ['sleep', '1000'],
      destroy: async (pod) => {
        removed.push(pod);
      },
    });
    const starting = runtime.start(request, { ...call, timeoutMs: 100 });
    await expect(starting).rejects.toMatchObject({ code: 'computer_start', reason: 'timeout' });
    const aborted = runtime.start(request, { ...call, signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
    expect(removed).toEqual(['silent']);
  });
});
