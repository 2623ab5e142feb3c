import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { type SshComputerOptions, sshComputer, sshRuntime } from '../../../src/computer/ssh/index.js';
import { describeSsh, type SshServer } from '../../fixtures/ssh-server.js';
import { connect, serve } from './opened.js';
import { foldersOf, processesWith, uniqueSeconds, until } from './remote-processes.js';

// Of this file alone: other test files make folders for connections at the same time.
const temporary = mkdtempSync(join(tmpdir(), 'swelancer-connections-'));
process.env['TMPDIR'] = temporary;
afterAll(() => rmSync(temporary, { recursive: true, force: true }));
const folders = () => readdirSync(temporary).filter((name) => name.startsWith('swl-'));

describeSsh('SSH connections', () => {
  test('a host key that is not known is refused, and nothing is left behind', async () => {
    const server = await serve();
    const before = folders();
    await expect(connect({ ...server.options, hostKeys: 'strict' })).rejects.toMatchObject({
      code: 'computer_start',
      reason: 'other',
      retryable: false,
      message: expect.stringMatching(/host key.*pinned/is),
    });
    expect(folders()).toEqual(before);
  });

  test('another host key than the pinned one is refused', async () => {
    const [server, other] = await Promise.all([serve(), serve()]);
    await expect(connect({ ...server.options, hostKeys: { pinned: other.hostKey } })).rejects.toThrow(
      /host key/,
    );
  });

  test('accept-new remembers a new key, and refuses another one for the same name', async () => {
    const server = await serve();
    const knownHosts = join(server.folder, 'known_hosts');
    const configFile = join(server.folder, 'ssh_config');
    await writeFile(configFile, `UserKnownHostsFile ${knownHosts}\nGlobalKnownHostsFile /dev/null\n`);
    const options = { ...server.options, configFile, hostKeys: 'accept-new' } as const;
    await (await connect(options)).cleanup();
    const remembered = await readFile(knownHosts, 'utf8');
    expect(remembered).toContain(server.hostKey.split(' ')[1]);
    await (await connect({ ...options, hostKeys: 'strict' })).cleanup();
    const other = await serve();
    await writeFile(
      knownHosts,
      remembered.replace(server.hostKey.split(' ')[1]!, other.hostKey.split(' ')[1]!),
    );
    await expect(connect(options)).rejects.toThrow(/host key/);
  });

  test('a key the server does not know is told as a refused login', async () => {
    const [server, other] = await Promise.all([serve(), serve()]);
    await expect(
      connect({ ...server.options, identityFile: other.options.identityFile }),
    ).rejects.toMatchObject({
      code: 'computer_start',
      retryable: false,
      message: expect.stringMatching(/refused the login/),
    });
  });

  test('a key that only an agent holds opens the way for as long as the agent has it', async () => {
    const server = await serve();
    const { identityFile = '', ...options } = server.options;
    const socket = join(server.folder, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    vi.stubEnv('SSH_AUTH_SOCK', socket);
    try {
      // It says where it listens once it does.
      await once(agent.stdout, 'data');
      execFileSync('ssh-add', ['-q', identityFile], { stdio: 'pipe' });
      await rm(identityFile);
      const computer = await connect(options);
      expect((await computer.sendShellCommand('echo by agent')).stdout).toBe('by agent\n');
      execFileSync('ssh-add', ['-q', '-D'], { stdio: 'pipe' });
      await expect(connect(options)).rejects.toMatchObject({
        code: 'computer_start',
        message: expect.stringMatching(/refused the login/),
      });
    } finally {
      vi.unstubAllEnvs();
      agent.kill();
    }
  });

  test('a port that nobody listens on is worth another try, and a client that is missing is not', async () => {
    const server = await serve();
    await server.kill();
    await expect(connect(server.options)).rejects.toMatchObject({
      reason: 'engine_unreachable',
      retryable: true,
    });
    await expect(connect({ ...server.options, sshProgram: 'no-such-ssh' })).rejects.toMatchObject({
      reason: 'other',
      retryable: false,
      message: expect.stringMatching(/install OpenSSH/),
    });
  });

  test('aliases and jump hosts of the configuration file are honoured', async () => {
    const [gate, target] = await Promise.all([serve(), serve()]);
    const configFile = join(target.folder, 'ssh_config');
    const knownHosts = join(target.folder, 'known_hosts');
    const lines = [gate, target].map(
      ({ options, hostKey }) => `[127.0.0.1]:${options.port} ${hostKey.split(' ').slice(0, 2).join(' ')}`,
    );
    await writeFile(knownHosts, `${lines.join('\n')}\n`);
    const host = (name: string, { options }: SshServer, ...more: string[]) =>
      [
        `Host ${name}`,
        'HostName 127.0.0.1',
        'User root',
        `Port ${options.port}`,
        `IdentityFile ${options.identityFile}`,
        `UserKnownHostsFile ${knownHosts}`,
        ...more,
      ].join('\n');
    await writeFile(configFile, `${host('gate', gate)}\n${host('machine', target, 'ProxyJump gate')}\n`);
    const computer = await connect({ destination: 'machine', configFile });
    const { stdout } = await computer.sendShellCommand('echo "$SSH_CONNECTION"');
    expect(stdout).toMatch(new RegExp(` ${target.options.port}\n$`));
    await gate.kill();
    await expect(
      connect({ destination: 'machine', configFile }),
      'the way is through the gate',
    ).rejects.toMatchObject({ reason: 'engine_unreachable' });
  });

  test('a server that allows two sessions still runs 12 commands at once, and none of them sees why', async () => {
    const server = await serve({ configuration: ['MaxSessions 2'] });
    const computer = await connect(server.options);
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, index) => computer.sendShellCommand(`echo ${index}`)),
    );
    expect(results.map(({ stdout, stderr }) => `${stdout}${stderr}`)).toEqual(
      Array.from({ length: 12 }, (_, index) => `${index}\n`),
    );
  });

  test('background processes that hold every session do not lock the computer up', async () => {
    const server = await serve();
    const computer = await connect({
      ...server.options,
      sessionsPerConnection: 3,
      maxConnections: 1,
      strategy: 'exec',
    });
    const seconds = uniqueSeconds();
    for (let count = 0; count < 5; count++) {
      const { stdout } = await computer.sendShellCommand(`sleep ${seconds} & echo ${count}`);
      expect(stdout).toBe(`${count}\n`);
    }
    await computer.cleanup();
    expect(processesWith(`sleep ${seconds}`)).toEqual([]);
  });

  test('a server killed in the middle of a command loses the command, not the computer', async () => {
    const server = await serve();
    const computer = await connect(server.options);
    const seconds = uniqueSeconds();
    const running = computer.sendShellCommand(`sleep ${seconds}`);
    running.catch(() => undefined);
    await until('the command runs', () => processesWith(`sleep ${seconds}`).length === 1);
    await server.kill();
    await expect(running).rejects.toMatchObject({
      code: 'computer_lost',
      reason: 'connection',
      commandMayBeRunning: true,
      retryable: true,
    });
    expect(processesWith(`sleep ${seconds}`), 'the error told the truth').toHaveLength(1);
    await server.restart();
    expect((await computer.sendShellCommand('echo back')).stdout).toBe('back\n');
    await computer.cleanup();
    expect(processesWith(`sleep ${seconds}`), 'cleanup ends what was lost').toEqual([]);
  });

  test('a server that comes back while a command is waiting for it is connected to again', async () => {
    const server = await serve();
    const computer = await connect({ ...server.options, strategy: 'exec' });
    await computer.sendShellCommand('true');
    await server.kill();
    const waiting = computer.sendShellCommand('echo back');
    await server.restart();
    expect((await waiting).stdout).toBe('back\n');
  });

  test('a server that stays away is a lost computer, and its cleanup says what is left', async () => {
    const server = await serve();
    const computer = await connect({ ...server.options, reconnectTimeoutMs: 100 });
    await server.kill();
    await expect(computer.sendShellCommand('true')).rejects.toMatchObject({
      code: 'computer_lost',
      commandMayBeRunning: false,
    });
    expect(await computer.describe?.()).toMatchObject({ state: 'unknown' });
    await expect(computer.cleanup()).rejects.toMatchObject({
      code: 'cleanup',
      message: expect.stringMatching(/SWELANCER_COMMAND=/),
    });
  });

  test('a cleanup that failed leaves no connection here, and can be tried again when the server is back', async () => {
    const server = await serve();
    const before = folders();
    const computer = await connect({ ...server.options, reconnectTimeoutMs: 100, leaseMs: 0 });
    const seconds = uniqueSeconds();
    const { leftoverProcesses } = await computer.sendShellCommand(`sleep ${seconds} >/dev/null 2>&1 &`);
    expect(leftoverProcesses).toBe(1);
    await server.kill();
    await expect(computer.cleanup()).rejects.toMatchObject({ code: 'cleanup' });
    expect(folders()).toEqual(before);
    await server.restart();
    await computer.cleanup();
    expect(processesWith(`sleep ${seconds}`)).toEqual([]);
    expect(foldersOf(computer.id)).toEqual([]);
    expect(folders()).toEqual(before);
    await expect(computer.sendShellCommand('true')).rejects.toMatchObject({ reason: 'cleaned_up' });
  });

  test('cleanup ends the clients, removes the sockets and leaves no file of ours, and may be called twice', async () => {
    const server = await serve();
    const before = folders();
    const computer = await connect({ ...server.options, sessionsPerConnection: 2 });
    const clients = () => processesWith(`-p ${server.options.port} `).length;
    const id = computer.id ?? '';
    const hanging = computer.sendShellCommand('sleep 4321');
    hanging.catch(() => undefined);
    await Promise.all([1, 2, 3].map((number) => computer.sendShellCommand(`echo ${number}`)));
    expect(clients()).toBeGreaterThan(0);
    expect(foldersOf(id)).toHaveLength(1);
    await Promise.all([computer.cleanup(), computer.cleanup()]);
    await expect(hanging).rejects.toMatchObject({ code: 'computer_lost', reason: 'cleaned_up' });
    expect(clients()).toBe(0);
    expect(folders()).toEqual(before);
    expect(foldersOf(id)).toEqual([]);
    expect(processesWith('sleep 4321')).toEqual([]);
    await expect(computer.sendShellCommand('true')).rejects.toMatchObject({ reason: 'cleaned_up' });
    await expect(computer.upload(Buffer.from('x'), '/tmp/x')).rejects.toMatchObject({ reason: 'cleaned_up' });
  });

  test('a computer that is cleaned up while its first shells are opened leaves no connection', async () => {
    const server = await serve();
    const before = folders();
    const createMachine = async () => ({ ...server.options, release: async () => undefined });
    const runtime = sshRuntime({ createMachine, entryCommand: false, leaseMs: 0 });
    const request = { purpose: 'agent', image: '', environment: {}, workingDirectory: '/tmp' } as const;
    for (let count = 0; count < 8; count++) {
      await (await runtime.start(request, { emit: () => undefined })).cleanup();
    }
    await until('no client is left', () => processesWith(`-p ${server.options.port} `).length === 0);
    expect(folders()).toEqual(before);
  });

  test('a cleanup touches nothing of a computer whose name begins alike', async () => {
    const server = await serve();
    const id = `alike-${process.pid}`;
    const longer = await connect({ ...server.options, id: `${id}.1` });
    await (await connect({ ...server.options, id })).cleanup();
    expect(foldersOf(`${id}.1`)).toHaveLength(1);
    expect(await longer.sendShellCommand('echo well')).toMatchObject({ stdout: 'well\n' });
  });

  test('a loopback destination is held to its host key, whatever the configuration says', async () => {
    const [server, other] = await Promise.all([serve(), serve()]);
    const configFile = join(server.folder, 'ssh_config');
    await writeFile(configFile, 'NoHostAuthenticationForLocalhost yes\n');
    const wrong = { ...server.options, configFile, hostKeys: { pinned: other.hostKey } };
    await expect(connect(wrong)).rejects.toThrow(/host key/);
  });

  test('options that cannot be honoured are refused before anything is started', async () => {
    const refused: object[] = [
      { destination: '-oProxyCommand=evil' },
      { destination: 'host', hostKeys: 'no' },
      { destination: 'host', sshOptions: { StrictHostKeyChecking: 'no' } },
      { destination: 'host', hostKeys: { pinned: 'SHA256:abc' } },
      { destination: 'host', hostkeys: 'strict' },
      { destination: 'host', workingDirectory: 'relative' },
    ];
    for (const options of refused) {
      await expect(sshComputer(options as SshComputerOptions)).rejects.toMatchObject({
        code: 'configuration',
      });
    }
  });
});
