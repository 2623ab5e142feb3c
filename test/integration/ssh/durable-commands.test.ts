import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Computer } from '../../../src/computer/computer.js';
import type { Reattachment } from '../../../src/computer/computer-interface.js';
import { ComputerLostError } from '../../../src/computer/errors.js';
import { createEventScope } from '../../../src/events/event-scope.js';
import { type SshComputerOptions, sshComputer } from '../../../src/computer/ssh/index.js';
import { describeSsh, startSshServer } from '../../fixtures/ssh-server.js';
import { createRemoteHost, hasNamespaces } from '../../fixtures/remote-host.js';
import { foldersOf, processesWith, uniqueSeconds, until } from './remote-processes.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'swelancer-durable-'));
  cleanups.push(async () => rm(folder, { recursive: true, force: true }));
  return folder;
}

const quick = { entryCommand: false, environment: {}, keepAliveSeconds: 1, connectTimeoutMs: 2000 } as const;

async function connectToHost(options: Partial<SshComputerOptions> = {}) {
  const host = createRemoteHost();
  cleanups.push(async () => host.remove());
  const server = await startSshServer({ namespace: host.namespace, address: host.address });
  cleanups.push(async () => server[Symbol.asyncDispose]());
  const computer = await sshComputer({ ...server.options, ...quick, ...options });
  cleanups.push(() => computer.cleanup().catch(() => undefined));
  return { host, computer };
}

async function connect(options: Partial<SshComputerOptions> = {}) {
  const server = await startSshServer();
  cleanups.push(async () => server[Symbol.asyncDispose]());
  const computer = await sshComputer({ ...server.options, ...quick, ...options });
  cleanups.push(() => computer.cleanup().catch(() => undefined));
  return { server, computer };
}

/** The ssh processes that hold connections, found by a word of their command line; not the sessions over them. */
function masters(word: string): readonly number[] {
  return processesWith(word).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('ssh');
    } catch {
      return false;
    }
  });
}

/** Counts its runs in `<folder>/count`, says where it is, and goes on when the test makes `<folder>/go`. */
const waiting = (folder: string) =>
  `echo x >>${folder}/count; printf 'before\\0\\n'; : >${folder}/ready; while [ ! -e ${folder}/go ]; do sleep 0.1; done; echo between; echo told >&2; head -c 3000000 /dev/zero; echo after; exit 7`;

async function runs(folder: string): Promise<number> {
  return readFileSync(join(folder, 'count'), 'utf8').split('\n').length - 1;
}
const has = (folder: string, name: string) => () => readdirSync(folder).includes(name);
const go = async (folder: string) => writeFile(join(folder, 'go'), '');

function expectWhole(result: { exitCode: number | null; stderr: string; captured?: unknown }) {
  expect(result).toMatchObject({
    exitCode: 7,
    stderr: 'told\n',
    captured: { stdout: { totalBytes: 'before\0\nbetween\nafter\n'.length + 3_000_000 } },
  });
}

(hasNamespaces ? describeSsh : describe.skip)(
  `durable commands over a link that is cut${hasNamespaces ? '' : ' [skipped: no network namespaces]'}`,
  () => {
    test('a command that may take longer than a minute is found again, whole, and has run once', async () => {
      const { host, computer } = await connectToHost();
      const folder = await scratchFolder();
      const reattachments: Reattachment[] = [];
      const running = computer.sendShellCommand(waiting(folder), {
        timeoutMs: 600_000,
        onReattach: (reattachment) => reattachments.push(reattachment),
      });
      running.catch(() => undefined);
      await until('it runs', has(folder, 'ready'));
      host.cut();
      await until('the connection is given up', () => masters(`root@${host.address}`).length === 0);
      await go(folder);
      host.restore();
      expectWhole(await running);
      expect(await runs(folder)).toBe(1);
      expect(reattachments.length).toBeGreaterThan(0);
    });

    test('a link that never comes back is told in time, with what is known', async () => {
      const { host, computer } = await connectToHost({ reattachTimeoutMs: 3000 });
      const folder = await scratchFolder();
      const running = computer.sendShellCommand(waiting(folder), { durable: true });
      running.catch(() => undefined);
      await until('it runs', has(folder, 'ready'));
      host.cut();
      await expect(running).rejects.toMatchObject({
        code: 'computer_lost',
        commandMayBeRunning: true,
        message: expect.stringMatching(/within 3000 ms.*The command may still run/s),
      });
      host.restore();
      await computer.cleanup();
    });

    test('a deadline passes while the link is away, and the command is ended when it is back', async () => {
      const { host, computer } = await connectToHost();
      const seconds = uniqueSeconds();
      const running = computer.sendShellCommand(`echo partial; exec sleep ${seconds}`, {
        durable: true,
        timeoutMs: 6000,
        killGraceMs: 100,
      });
      running.catch(() => undefined);
      await until('it runs', () => processesWith(`sleep ${seconds}`).length === 1);
      host.cut();
      await expect(running).rejects.toMatchObject({
        code: 'command_timeout',
        partial: { stdout: 'partial\n' },
        kill: { outcome: 'unconfirmed' },
      });
      host.restore();
      await until('it is ended', () => processesWith(`sleep ${seconds}`).length === 0);
    });

    test('a machine that hears nothing for as long as its lease ends everything of the computer', async () => {
      const { host, computer } = await connectToHost({
        leaseMs: 4000,
        entryCommand: 'exec sleep 98765.25',
      });
      const seconds = uniqueSeconds();
      const running = computer.sendShellCommand(`sleep ${seconds}`, { durable: true });
      running.catch(() => undefined);
      await until('it runs', () => processesWith(`sleep ${seconds}`).length === 1);
      host.cut();
      await until('nothing is left', () => processesWith(`sleep ${seconds}`).length === 0);
      await until('the entry is gone', () => processesWith('sleep 98765.25').length === 0);
      await until('its files are gone', () => foldersOf(computer.id).length === 0);
      host.restore();
      await expect(running).rejects.toMatchObject({ code: 'computer_lost', reason: 'removed' });
      await until('the computer knows', async () =>
        computer.sendShellCommand('true').then(
          () => false,
          (error: unknown) => error instanceof ComputerLostError && error.reason === 'removed',
        ),
      );
    });
  },
);

describeSsh('durable commands over a connection that ends', () => {
  test.each(['lane', 'exec'] as const)('the server dies under the %s strategy', async (strategy) => {
    const { server, computer } = await connect({ strategy });
    const folder = await scratchFolder();
    const running = computer.sendShellCommand(waiting(folder), { durable: true });
    running.catch(() => undefined);
    await until('it runs', has(folder, 'ready'));
    await server.kill();
    await go(folder);
    await server.restart();
    expectWhole(await running);
    expect(await runs(folder)).toBe(1);
  });

  test('the connection of the harness is killed, with input; an event says that the command was found again', async () => {
    const { server, computer: implementation } = await connect();
    const events: string[] = [];
    const computer = Computer.from(implementation, {
      events: createEventScope((type) => events.push(type)),
    });
    const folder = await scratchFolder();
    const running = computer.sendShellCommand(waiting(folder).replace('exit 7', 'cat; exit 7'), {
      durable: true,
      stdin: 'input',
    });
    running.catch(() => undefined);
    await until('it runs', has(folder, 'ready'));
    for (const pid of masters(`-p ${server.options.port} `)) process.kill(pid, 'SIGKILL');
    await go(folder);
    const { exitCode, stdout } = await running;
    expect(exitCode).toBe(7);
    expect(stdout.endsWith('after\ninput')).toBe(true);
    expect(await runs(folder)).toBe(1);
    expect(events.filter((type) => /^command\.(started|reattached|finished|failed)/.test(type))).toEqual([
      'command.started',
      'command.reattached',
      'command.finished',
    ]);
  });

  test('a command is ended by its deadline after it was found again', async () => {
    const { server, computer } = await connect();
    const seconds = uniqueSeconds();
    let find: () => void = () => undefined;
    const found = new Promise<void>((resolve) => {
      find = resolve;
    });
    const stop = new AbortController();
    const running = computer.sendShellCommand(`echo partial; sleep ${seconds}`, {
      durable: true,
      signal: stop.signal,
      onReattach: find,
    });
    running.catch(() => undefined);
    await until('it runs', () => processesWith(`sleep ${seconds}`).length === 1);
    await server.kill();
    await server.restart();
    await found;
    stop.abort();
    await expect(running).rejects.toMatchObject({
      code: 'aborted',
      kill: { outcome: 'confirmed' },
      partial: { stdout: 'partial\n' },
    });
    expect(processesWith(`sleep ${seconds}`)).toEqual([]);
  });

  test('cleanup ends durable commands and removes what was kept', async () => {
    const { computer } = await connect();
    const folder = await scratchFolder();
    const running = computer.sendShellCommand(waiting(folder), { durable: true });
    running.catch(() => undefined);
    await until('it runs', has(folder, 'ready'));
    await computer.cleanup();
    await expect(running).rejects.toMatchObject({ code: 'computer_lost', reason: 'cleaned_up' });
    expect(processesWith(folder)).toEqual([]);
    expect(readdirSync('/tmp').filter((name) => name.includes(String(computer.id)))).toEqual([]);
  });
});

describeSsh('a harness that is killed', () => {
  test('leaves nothing on the machine, and no client', async () => {
    const server = await startSshServer();
    cleanups.push(async () => server[Symbol.asyncDispose]());
    const script = join(server.folder, 'harness.mts');
    const id = `crash-${process.pid}-${Date.now()}`;
    const [first, second, entry] = [uniqueSeconds(), uniqueSeconds(), uniqueSeconds()];
    await writeFile(
      script,
      `import { sshComputer } from ${JSON.stringify(resolve('src/computer/ssh/index.ts'))};
(async () => {
  const computer = await sshComputer({ ...${JSON.stringify(server.options)}, id: '${id}', entryCommand: 'sleep ${entry}' });
  await Promise.all([
    computer.sendShellCommand('sleep ${first}', { durable: true }),
    computer.sendShellCommand('setsid sleep ${second}'),
  ]);
})();`,
    );
    const harness = spawn(process.execPath, ['--import', 'tsx', script], {
      stdio: 'inherit',
      env: { ...process.env, TMPDIR: server.folder },
    });
    cleanups.push(async () => harness.kill('SIGKILL'));
    const left = () => [first, second, entry].flatMap((seconds) => processesWith(`sleep ${seconds}`));
    await until('its commands run', () => left().length >= 3);
    harness.kill('SIGKILL');
    await once(harness, 'exit');
    await until('its commands are gone', () => left().length === 0, 20_000);
    await until('its files are gone', () => foldersOf(id).length === 0);
    await until('no client is left', () => processesWith(`-p ${server.options.port} `).length === 0);
  });
});
