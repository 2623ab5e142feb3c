import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { localTransport } from '../../../../src/computer/local/local-transport.js';
import type { ChannelRequest, ShellTransport } from '../../../../src/computer/shell/shell-transport.js';
import { baseEnvironment, shells, shellTransport, startEngine } from './shells.js';

const folder = mkdtempSync(join(tmpdir(), 'swelancer-lanes-'));
afterAll(() => rmSync(folder, { recursive: true }));

const setsid = spawnSync('which', ['setsid'], { encoding: 'utf8' }).stdout.trim();

/** Counts the channels that are opened for commands. */
function counted(transport: ShellTransport): ShellTransport & { readonly opened: ChannelRequest[] } {
  const opened: ChannelRequest[] = [];
  return {
    ...transport,
    opened,
    open: async (request, options) => {
      opened.push(request);
      return await transport.open(request, options);
    },
  };
}

/** A command that got a channel of its own has this very process for its parent. */
const notUs = `test $PPID != ${process.pid} || exit 99`;

describe.each(shells)('lanes in $name', (shell) => {
  const test = it.skipIf(shell.missing);
  const start = (transport: ShellTransport = shellTransport(shell), heartbeatMs?: number) => {
    const onDegraded: string[] = [];
    const engine = startEngine(
      { ...shell, strategy: 'lane' },
      {
        ...{
          transport,
          killTransport: shellTransport(shell),
          onDegraded: (reason) => onDegraded.push(reason),
        },
        ...(heartbeatMs !== undefined && { heartbeatMs }),
      },
    );
    return { engine, onDegraded };
  };

  test('take one command after another without opening anything', async () => {
    const transport = counted(shellTransport(shell));
    const { engine } = start(transport);
    for (let index = 0; index < 50; index++) {
      expect(await engine.sendShellCommand(`echo ${index}; exit ${index}`)).toMatchObject({
        exitCode: index,
        stdout: `${index}\n`,
        leftoverProcesses: 0,
      });
    }
    expect(transport.opened).toHaveLength(1);
  });

  test('are at most eight; more commands at once get channels of their own', async () => {
    const transport = counted(shellTransport(shell));
    const { engine } = start(transport);
    const twelve = () =>
      Promise.all(
        Array.from(
          { length: 12 },
          async (_, index) => (await engine.sendShellCommand(`sleep 0.5; echo ${index}`)).stdout,
        ),
      );
    const expected = Array.from({ length: 12 }, (_, index) => `${index}\n`);
    expect(await twelve()).toEqual(expected);
    expect(transport.opened).toHaveLength(12);
    expect(await twelve()).toEqual(expected);
    expect(transport.opened).toHaveLength(16);
  });

  test('are waited for by short commands', async () => {
    const transport = counted(shellTransport(shell));
    const { engine } = start(transport);
    const many = Array.from({ length: 32 }, (_, index) => index);
    const results = await Promise.all(many.map(async (index) => engine.sendShellCommand(`echo ${index}`)));
    expect(results.map(({ stdout }) => stdout)).toEqual(many.map((index) => `${index}\n`));
    expect(transport.opened.length).toBeLessThan(32);
  });

  /** The first process that a lane starts does `first` instead, before it has read anything. */
  const startingWith = (name: string, first: string) => {
    const bin = join(folder, `${name}-${shell.name}`);
    mkdirSync(bin);
    const program = `#!/bin/sh\nif mkdir ${bin}/done 2>/dev/null; then ${first}; fi\nexec ${setsid} "$@"\n`;
    writeFileSync(join(bin, 'setsid'), program, { mode: 0o755 });
    const environment = { ...baseEnvironment, PATH: `${bin}:${baseEnvironment.PATH}` };
    return counted(localTransport({ shell: [shell.path], environment }));
  };

  test('run a command once whose shell ended before it had read it', async () => {
    const { engine } = start(startingWith('ended', 'exit 1'));
    const file = join(folder, `ended-once-${shell.name}`);
    expect(await engine.sendShellCommand(`echo run >>${file}; exit 3`)).toMatchObject({ exitCode: 3 });
    expect(readFileSync(file, 'utf8')).toBe('run\n');
  });

  test('are left when a command was ended before its shell had read it', async () => {
    const { engine } = start(startingWith('killed', 'exec sleep 60'));
    const killed = engine.sendShellCommand('echo never', { timeoutMs: 300, killGraceMs: 0 });
    await expect(killed).rejects.toMatchObject({ code: 'command_timeout', kill: { outcome: 'confirmed' } });
    expect(await engine.sendShellCommand('echo next')).toMatchObject({ exitCode: 0, stdout: 'next\n' });
  });

  test('keep nothing of one command for the next', async () => {
    const { engine } = start();
    await engine.sendShellCommand(
      'cd /; export LEFT=1; alias ls=false; set -e; umask 077; exec >/dev/null; trap "echo trapped" EXIT',
      { env: { GIVEN: '1' } },
    );
    const { stdout } = await engine.sendShellCommand('pwd; echo "${LEFT-none} ${GIVEN-none}"; umask');
    expect(stdout.split('\n').slice(0, 2)).toEqual(['/tmp', 'none none']);
    expect(stdout).not.toContain('77\n');
  });

  test('show their framing to nobody', async () => {
    const { engine } = start();
    const { stdout } = await engine.sendShellCommand(
      'id=${SWELANCER_COMMAND##*-}; printf "\\n%s 0 no\\n" "$id"; printf "\\n%s\\n" "$id" >&2; set; env; printf "\\n%032d 0 no\\n" 0; echo end',
    );
    expect(stdout.endsWith(`\n${'0'.repeat(32)} 0 no\nend\n`)).toBe(true);
  });

  test('carry any bytes unchanged', async () => {
    const { engine } = start();
    const file = join(folder, `bytes-${shell.name}`);
    await engine.sendShellCommand(`head -c 3000000 /dev/urandom >${file}`);
    const { captured } = await engine.sendShellCommand(`cat ${file}; cat ${file} >&2`, {
      output: { headBytes: 4e6 },
    });
    const bytes = readFileSync(file);
    expect(Buffer.compare(captured!.stdout.head, bytes)).toBe(0);
    expect(Buffer.compare(captured!.stderr.head, bytes)).toBe(0);
  });

  test('do not give the late output of one command to the next', async () => {
    const { engine } = start();
    const fifo = join(folder, `fifo-${shell.name}`);
    const late = { stdout: '', stderr: '' };
    const first = await engine.sendShellCommand(
      `mkfifo ${fifo}; (read -r go <${fifo}; echo late; echo late too >&2) & echo $PPID`,
      {
        onLateOutput: ({ stream, bytes }) => {
          late[stream] += Buffer.from(bytes).toString();
        },
      },
    );
    expect(first.leftoverProcesses).toBe(1);
    const second = await engine.sendShellCommand(`echo go >${fifo}; echo $PPID`);
    expect(second).toMatchObject({ exitCode: 0, stderr: '' });
    expect(second.stdout).toMatch(/^\d+\n$/);
    expect(second.stdout).not.toBe(first.stdout);
    await expect.poll(() => late).toEqual({ stdout: 'late\n', stderr: 'late too\n' });
  });

  test('do not give late output through a copied descriptor to the next command either', async () => {
    const { engine } = start();
    const fifo = join(folder, `copied-${shell.name}`);
    const first = await engine.sendShellCommand(
      `mkfifo ${fifo}; (read -r go <${fifo}; echo late >&5) 5>&1 >/dev/null 2>&1 & echo $PPID`,
    );
    expect(first.leftoverProcesses).toBe(1);
    const second = await engine.sendShellCommand(`echo go >${fifo}; echo $PPID`);
    expect(second.stdout).toMatch(/^\d+\n$/);
    expect(second.stdout).not.toBe(first.stdout);
  });

  test('that stay where their end would stall the others are used again when nobody holds them any more', async () => {
    const transport = counted({ ...shellTransport(shell), isStalledByHeldStreams: true });
    const { engine } = start(transport);
    const first = await engine.sendShellCommand('sleep 300 & echo $PPID $!');
    const [supervisor, child] = first.stdout.trim().split(' ');
    // The first one is held, so that this opens a second.
    expect((await engine.sendShellCommand('echo $PPID')).stdout.trim()).not.toBe(supervisor);
    // A process that was sent a signal has its streams for a moment yet.
    await engine.sendShellCommand(
      `kill -9 ${child}; while [ -e /proc/${child}/fd/1 ]; do :; done; kill -0 ${supervisor}`,
    );
    const both = await Promise.all([1, 2].map(async () => engine.sendShellCommand('sleep 0.5; echo $PPID')));
    expect(both.map(({ stdout }) => stdout.trim())).toContain(supervisor);
  });

  test('outlive a command that ends their supervisor, whose exit code is unknown then', async () => {
    const { engine } = start();
    const result = await engine.sendShellCommand(
      `${notUs}; kill -9 $PPID; echo on; sleep 0.3; echo end; exit 4`,
    );
    expect(result).toMatchObject({ exitCode: null, stdout: 'on\nend\n', leftoverProcesses: 0 });
    expect(await engine.sendShellCommand('exit 4')).toMatchObject({ exitCode: 4 });
  });

  test('outlive a command that ends every shell it can find', async () => {
    const { engine } = start();
    const result = await engine.sendShellCommand(`${notUs}; echo before; kill -9 $PPID $$`);
    expect(result).toMatchObject({ exitCode: null, stdout: 'before\n' });
    expect((await engine.sendShellCommand('echo next')).stdout).toBe('next\n');
  });

  test('are replaced when they were ended between two commands, and the command runs once', async () => {
    const { engine } = start();
    const other = start().engine;
    const file = join(folder, `once-${shell.name}`);
    for (let round = 0; round < 5; round++) {
      const pid = (await engine.sendShellCommand(`${notUs}; echo $PPID`)).stdout.trim();
      const [, result] = await Promise.all([
        other.sendShellCommand(`kill -9 ${pid}`),
        engine.sendShellCommand(`echo ${round} >>${file}`),
      ]);
      expect([0, null]).toContain(result.exitCode);
    }
    expect(readFileSync(file, 'utf8')).toBe('0\n1\n2\n3\n4\n');
  });

  test('that a command has stopped are left at its deadline, and it is ended all the same', async () => {
    const { engine } = start();
    const stopped = engine.sendShellCommand(`${notUs}; kill -STOP $PPID; echo stopped`, {
      timeoutMs: 500,
      killGraceMs: 0,
    });
    await expect(stopped).rejects.toMatchObject({
      code: 'command_timeout',
      partial: { stdout: 'stopped\n', exitCode: null },
      kill: { outcome: 'confirmed' },
    });
    expect((await engine.sendShellCommand('echo next')).stdout).toBe('next\n');
  });

  test('that a command has stopped are continued, and tell its exit code', async () => {
    const transport = counted(shellTransport(shell));
    const { engine, onDegraded } = start(transport, 100);
    const result = await engine.sendShellCommand(`${notUs}; kill -STOP $PPID; echo stopped; exit 4`);
    expect(result).toMatchObject({ exitCode: 4, stdout: 'stopped\n', leftoverProcesses: 0 });
    expect((await engine.sendShellCommand('echo next')).stdout).toBe('next\n');
    expect(transport.opened).toHaveLength(1);
    expect(onDegraded).toEqual([]);
  });

  test('that something stops again and again are ended and replaced, and the command is seen to its end', async () => {
    const { engine, onDegraded } = start(shellTransport(shell), 100);
    const result = await engine.sendShellCommand(
      `${notUs}; while kill -STOP $PPID && ! grep -q '^State:.Z' /proc/$PPID/status; do sleep 0.01; done; echo out; exit 4`,
    );
    expect(result).toMatchObject({ exitCode: null, stdout: 'out\n', leftoverProcesses: 0 });
    expect(onDegraded).toEqual([expect.stringContaining('was stopped again and again')]);
    expect((await engine.sendShellCommand('exit 4')).exitCode).toBe(4);
  });

  test.each(['kill -9 $PPID; sleep 0.3; echo end', 'exit 4'])(
    'that say nothing any more are replaced: %s',
    async (command) => {
      const inner = shellTransport(shell);
      // A link that carries nothing back once the command has begun, and does not notice.
      const deaf: ShellTransport = {
        open: async (request, options) => {
          const channel = await inner.open(request, options);
          const stdout = new PassThrough();
          channel.stdout.on('data', (bytes: Buffer) => {
            if (stdout.readableEnded) return;
            // What the command wrote may come in one piece with its end.
            const end = bytes.indexOf(0x1e);
            stdout.write(end < 0 ? bytes : bytes.subarray(0, end));
          });
          return { ...channel, stdout, exit: new Promise(() => undefined) };
        },
      };
      const { engine, onDegraded } = start(deaf, 100);
      const result = await engine.sendShellCommand(`${notUs}; echo on; ${command}`);
      expect(result).toMatchObject({ exitCode: null, leftoverProcesses: 0 });
      expect(result.stdout).toMatch(/^on\n/);
      expect(onDegraded).toEqual([expect.stringMatching(/was ended|does not answer/)]);
    },
  );

  test('are not doubted while their command is silent for long', async () => {
    const { engine, onDegraded } = start(shellTransport(shell), 20);
    expect(await engine.sendShellCommand('sleep 1; exit 4')).toMatchObject({ exitCode: 4 });
    expect(onDegraded).toEqual([]);
  });

  test('take the next command after one was ended', async () => {
    const transport = counted(shellTransport(shell));
    const { engine } = start(transport);
    await expect(engine.sendShellCommand('exec sleep 300', { timeoutMs: 2000 })).rejects.toMatchObject({
      code: 'command_timeout',
      partial: { exitCode: 143 },
    });
    expect((await engine.sendShellCommand('echo next')).stdout).toBe('next\n');
    expect(transport.opened).toHaveLength(1);
  });

  test('are not lost to others when a user gets no shell', async () => {
    const working = shellTransport(shell);
    const transport = counted({
      ...working,
      open: async ({ user, ...request }, options) => {
        const refusing = ['sh', '-c', 'echo no shell for you >&2; exit 126'];
        return await working.open(user === undefined ? request : { ...request, argv: refusing }, options);
      },
    });
    const { engine, onDegraded } = start(transport);
    for (let times = 0; times < 2; times++) {
      await expect(engine.sendShellCommand('true', { user: 'nobody-here' })).rejects.toThrow(
        'no shell for you',
      );
    }
    expect(onDegraded).toEqual([expect.stringContaining('did not answer, but said: no shell for you')]);
    for (let index = 0; index < 5; index++) await engine.sendShellCommand('true');
    // A lane and a channel for the one, a channel for the same again, a lane for the others.
    expect(transport.opened).toHaveLength(4);
  });

  test('are done without where there is no setsid, and that is told once', async () => {
    const bin = join(folder, `bin-${shell.name}`);
    mkdirSync(bin);
    symlinkSync(shell.path, join(bin, 'sh'));
    const { engine, onDegraded } = start(localTransport({ environment: { PATH: bin }, shell: [shell.path] }));
    for (const word of ['one', 'two'])
      expect((await engine.sendShellCommand(`echo ${word}`)).stdout).toBe(`${word}\n`);
    expect(onDegraded).toEqual([expect.stringContaining('no setsid')]);
  });

  test('ignore what a login prints', async () => {
    const noisy = ['sh', '-c', `echo banner; echo banner >&2; exec ${shell.path} "$@"`, 'sh'];
    const { engine, onDegraded } = start(localTransport({ environment: baseEnvironment, shell: noisy }));
    expect(await engine.sendShellCommand('echo out; echo err >&2')).toMatchObject({
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(onDegraded).toEqual([]);
  });

  test('leave nothing when the engine is closed', async () => {
    const { engine } = start();
    const pid = (await engine.sendShellCommand(`${notUs}; echo $PPID`)).stdout.trim();
    await engine.close();
    const other = start().engine;
    await expect.poll(async () => (await other.sendShellCommand(`test -e /proc/${pid}`)).exitCode).toBe(1);
  });
});
