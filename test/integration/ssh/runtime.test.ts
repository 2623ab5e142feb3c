import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ComputerInterface, ComputerRequest, ComputerRuntime } from '../../../src/computer/index.js';
import { sshComputer, sshRuntime } from '../../../src/computer/ssh/index.js';
import { Secret } from '../../../src/redaction.js';
import { canMakeRoots, createBusyboxRoot } from '../../fixtures/busybox-root.js';
import { describeSsh, type SshServer, startSshServer } from '../../fixtures/ssh-server.js';
import { foldersOf, processesWith, uniqueSeconds, until } from './remote-processes.js';

const request: ComputerRequest = {
  purpose: 'agent',
  image: 'ignored',
  environment: { ISSUE_ID: '42', TOKEN: new Secret('hush-hush') },
  workingDirectory: '/var/tmp',
};
const call = { emit: () => undefined };

describeSsh('sshRuntime', () => {
  let server: SshServer;
  const computers: ComputerInterface[] = [];
  beforeEach(async () => {
    server = await startSshServer();
  });
  afterEach(async () => {
    for (const computer of computers.splice(0)) await computer.cleanup().catch(() => undefined);
    await server[Symbol.asyncDispose]();
  });
  const start = async (runtime: ComputerRuntime, changes: Partial<ComputerRequest> = {}) => {
    const computer = await runtime.start({ ...request, ...changes }, call);
    computers.push(computer);
    return computer;
  };

  test('commands find the task’s environment and working directory, as in a container', async () => {
    const computer = await start(sshRuntime(server.options));
    const { stdout } = await computer.sendShellCommand('pwd; echo $ISSUE_ID $TOKEN $DISPLAY $PYTHONPATH');
    expect(stdout).toBe(`${request.workingDirectory}\n42 hush-hush :99 /app/tests\n`);
  });

  test('a task’s working directory that the machine lacks is told, and not made', async () => {
    const workingDirectory = `/tmp/swelancer-absent-${process.pid}`;
    const computer = await start(sshRuntime(server.options), { workingDirectory });
    const lacking = { code: 'command_spawn', reason: 'working_directory' };
    await expect(computer.sendShellCommand('pwd')).rejects.toMatchObject(lacking);
    expect(existsSync(workingDirectory)).toBe(false);
    await computer.cleanup();
    const withEntry = sshRuntime({ ...server.options, entryCommand: 'sleep 1' });
    await expect(start(withEntry, { workingDirectory })).rejects.toMatchObject({ code: 'computer_start' });
  });

  test('one machine is one computer at a time, and never a fresh one for grading', async () => {
    const runtime = sshRuntime({ ...server.options, entryCommand: false });
    const first = await start(runtime);
    await expect(start(runtime)).rejects.toMatchObject({ code: 'computer_start', retryable: true });
    await first.cleanup();
    await expect(start(runtime, { purpose: 'grading' })).rejects.toMatchObject({
      code: 'unsupported_option',
      option: 'purpose',
    });
    await start(runtime);
  });

  test('one machine goes to nobody while something of the computer before is left there', async () => {
    const runtime = sshRuntime({ ...server.options, entryCommand: false, leaseMs: 0 });
    const first = await start(runtime);
    const seconds = uniqueSeconds();
    await first.sendShellCommand(`sleep ${seconds} >/dev/null 2>&1 &`);
    await server.kill();
    await expect(first.cleanup()).rejects.toMatchObject({ code: 'cleanup' });
    await expect(start(runtime)).rejects.toMatchObject({
      code: 'computer_start',
      retryable: true,
      message: expect.stringMatching(/cleanup has failed again.*SWELANCER_COMMAND=/) as string,
    });
    expect(processesWith(`sleep ${seconds}`)).toHaveLength(1);
    await server.restart();
    const second = await start(runtime);
    expect(processesWith(`sleep ${seconds}`)).toEqual([]);
    await first.cleanup();
    await expect(start(runtime), 'the second still has it').rejects.toMatchObject({ code: 'computer_start' });
    await second.cleanup();
    await start(runtime);
  });

  test('limits that it cannot set are refused', async () => {
    await expect(
      start(sshRuntime(server.options), { resources: { memoryBytes: 1e9 } }),
    ).rejects.toMatchObject({ code: 'unsupported_option', option: 'resources.memoryBytes' });
  });

  test('machines that are made for a computer are released once, also when it cannot be started', async () => {
    let released = 0;
    const release = async () => {
      released += 1;
    };
    const good = sshRuntime({
      createMachine: async () => ({ ...server.options, release }),
      entryCommand: false,
    });
    const computer = await start(good);
    await start(good, { purpose: 'grading' });
    await computer.cleanup();
    await computer.cleanup();
    expect(released).toBe(1);
    released = 0;
    for (const machine of [
      { ...server.options, identityFile: '/dev/null' },
      { ...server.options, destination: '-bad' },
    ]) {
      const bad = sshRuntime({ createMachine: async () => ({ ...machine, release }) });
      await expect(start(bad)).rejects.toBeInstanceOf(Error);
    }
    expect(released).toBe(2);
  });

  test('settings and machines that it cannot use are refused', async () => {
    const createMachine = async () => ({ ...server.options, release: async () => undefined });
    for (const settings of [{ leaseMs: -5 }, { leasMs: 5 }, { entryCommand: 7 }, { destination: 'host' }]) {
      const refused = () => sshRuntime({ createMachine, ...(settings as object) });
      expect(refused, JSON.stringify(settings)).toThrow(/sshRuntime was given options it cannot use/);
    }
    for (const machine of [undefined, { ...server.options }]) {
      // What a program without types may give.
      const runtime = sshRuntime({ createMachine: async () => machine as never });
      await expect(start(runtime)).rejects.toMatchObject({ code: 'configuration' });
    }
  });

  test('a start that fails ends what it has begun on the machine', async () => {
    const seconds = uniqueSeconds();
    const folders = () => readdirSync('/tmp').filter((name) => name.startsWith('.swelancer-ssh-'));
    const before = new Set(folders());
    const runtime = sshRuntime({
      ...server.options,
      // Its end is not told before the time limit.
      entryCommand: `sleep ${seconds}`,
      environment: { PATH: `${server.folder}:/usr/bin:/bin` },
    });
    const slow = join(server.folder, 'mkdir');
    const begun = join(server.folder, 'begun');
    writeFileSync(
      slow,
      `#!/bin/sh\n/usr/bin/mkdir "$@"; setsid sleep ${seconds} & touch ${begun}; sleep ${seconds}\n`,
    );
    chmodSync(slow, 0o755);
    const controller = new AbortController();
    const starting = runtime.start(request, { ...call, signal: controller.signal });
    starting.catch(() => undefined);
    await until('the entry command is being begun', () => existsSync(begun));
    controller.abort();
    await expect(starting).rejects.toMatchObject({ code: 'aborted' });
    expect(processesWith(`sleep ${seconds}`)).toEqual([]);
    expect(folders().filter((name) => !before.has(name))).toEqual([]);
  });

  test('a machine that is made too late is released, and the start ends at its time limit', async () => {
    let released = 0;
    const runtime = sshRuntime({
      createMachine: async (_, { signal }) =>
        new Promise((resolve) => {
          const release = async () => {
            released += 1;
          };
          signal?.addEventListener('abort', () => resolve({ ...server.options, release }));
        }),
    });
    const starting = runtime.start(request, { ...call, timeoutMs: 100 });
    await expect(starting).rejects.toMatchObject({ code: 'computer_start', reason: 'timeout' });
    expect(released).toBe(1);
  });

  test('a start that is aborted leaves no client behind', async () => {
    const controller = new AbortController();
    const starting = sshRuntime(server.options).start(request, { ...call, signal: controller.signal });
    starting.catch(() => undefined);
    await until('a client runs', () => processesWith(`-p ${server.options.port} `).length > 0);
    controller.abort(new Error('enough'));
    await expect(starting).rejects.toMatchObject({ code: 'aborted' });
    await until('no client is left', () => processesWith(`-p ${server.options.port} `).length === 0);
  });
});

describeSsh('the entry command over SSH', () => {
  let server: SshServer;
  let computer: ComputerInterface | undefined;
  beforeEach(async () => {
    server = await startSshServer();
  });
  afterEach(async () => {
    await computer?.cleanup().catch(() => undefined);
    await server[Symbol.asyncDispose]();
  });

  test('it runs in the computer’s environment, its output is the log, and it outlives a broken link', async () => {
    const seconds = uniqueSeconds();
    computer = await sshComputer({
      ...server.options,
      environment: { NAME: 'entry', PATH: '/usr/bin:/bin', folder: 'mine', entry: 'own' },
      workingDirectory: '/tmp',
      entryCommand: `echo "hello from $NAME in $PWD, $folder $entry $#"; env | grep -c '^swelancer_'; sleep ${seconds}`,
    });
    const log = async () => (await computer?.describe?.())?.lastLogLines;
    await expect.poll(log, { timeout: 30_000 }).toEqual(['hello from entry in /tmp, mine own 0', '0']);
    await server.kill();
    await server.restart();
    expect(await computer.describe?.()).toMatchObject({ state: 'running' });
    expect(await computer.killAll?.(), 'a service is not a command').toMatchObject({ survivors: 0 });
    expect(processesWith(`sleep ${seconds}`)).toHaveLength(1);
    await computer.cleanup();
    expect(processesWith(`sleep ${seconds}`)).toEqual([]);
  });

  test('it runs, too, where a computer with the same id was never cleaned up', async () => {
    const options = { ...server.options, id: `again-${process.pid}`, leaseMs: 0 };
    const forgotten = await sshComputer({ ...options, entryCommand: 'echo first' });
    try {
      await expect
        .poll(async () => (await forgotten.describe?.())?.lastLogLines, { timeout: 30_000 })
        .toEqual(['first']);
      computer = await sshComputer({ ...options, entryCommand: 'echo second; exit 3' });
      await expect
        .poll(() => computer?.describe?.(), { timeout: 30_000 })
        .toMatchObject({ state: 'ended', exitCode: 3, lastLogLines: ['second'] });
    } finally {
      await forgotten.cleanup();
    }
  });

  test('one that fails is told, with its exit code and its last lines', async () => {
    computer = await sshComputer({ ...server.options, entryCommand: 'echo set-up broke >&2; exit 4' });
    await expect
      .poll(() => computer?.describe?.(), { timeout: 30_000 })
      .toMatchObject({ state: 'ended', exitCode: 4, lastLogLines: ['set-up broke'] });
  });

  test('by default nothing is started where the official set-up is not there', async () => {
    computer = await sshComputer(server.options);
    expect(await computer.describe?.()).toMatchObject({ state: 'running', lastLogLines: [] });
    const [folder = ''] = foldersOf(computer.id);
    expect(readdirSync(join('/tmp', folder))).not.toContain('entry.log');
  });

  test.skipIf(!canMakeRoots)(
    'by default the official set-up is started, unless it is running or done',
    async () => {
      // Not below /tmp: sshd wants every folder above to be root's alone.
      const root = createBusyboxRoot('/var/lib');
      const inside = (path: string) => join(root.path, path);
      chmodSync(root.path, 0o755);
      mkdirSync(inside('app/tests'), { recursive: true });
      const program = (path: string, text: string) => writeFileSync(inside(path), text, { mode: 0o755 });
      program('bin/bash', '#!/bin/sh\nexec /bin/sh "$@"\n');
      program(
        'app/tests/run.sh',
        '#!/bin/sh\necho setting up\nwhile [ ! -e /go ]; do sleep 0.1; done\ntouch /setup_done.txt\n',
      );
      await using official = await startSshServer({ configuration: [`ChrootDirectory ${root.path}`] });
      // One that runs elsewhere, as in a container of this machine: the same name, but another root.
      const elsewhere = spawn('sh', ['-c', 'read line', '/app/tests/run.sh'], {
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      const connected: ComputerInterface[] = [];
      const connect = async () => {
        const next = await sshComputer({ ...official.options, environment: { PATH: '/bin' } });
        connected.push(next);
        return next;
      };
      const hasLog = ({ id }: ComputerInterface) =>
        foldersOf(id, inside('tmp')).some((folder) => existsSync(inside(`tmp/${folder}/entry.log`)));
      try {
        const first = await connect();
        await expect
          .poll(() => first.describe?.(), { timeout: 30_000 })
          .toMatchObject({ state: 'running', lastLogLines: ['setting up'] });
        expect(hasLog(await connect()), 'while it runs').toBe(false);
        writeFileSync(inside('go'), '');
        await expect.poll(() => existsSync(inside('setup_done.txt')), { timeout: 30_000 }).toBe(true);
        expect(hasLog(await connect()), 'when it is done').toBe(false);
        expect(hasLog(first)).toBe(true);
      } finally {
        elsewhere.kill();
        for (const each of connected) await each.cleanup().catch(() => undefined);
        root.remove();
      }
    },
  );
});
