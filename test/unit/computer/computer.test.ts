import { getEventListeners } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile, mkdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { customComputer } from '../../../examples/custom-computer.js';
import { Computer } from '../../../src/computer/computer.js';
import type { CommandResult } from '../../../src/computer/computer-interface.js';
import { commandComputer } from '../../../src/computer/command/index.js';
import { defineComputer } from '../../../src/computer/define-computer.js';
import { CommandFailedError, CommandTimeoutError, ComputerLostError } from '../../../src/computer/errors.js';
import { markerVariable } from '../../../src/computer/shell/process-kill.js';
import { Redactor, Secret } from '../../../src/redaction.js';
import { recordEvents } from './fixtures/recorded-events.js';
import { shComputer } from './fixtures/sh-computer.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swelancer-computer-test-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const never = () => new Promise<never>(() => undefined);
const caught = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

async function isAlive(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '0 (gone) Z');
  return !/\) [ZX]/.test(state);
}

describe('a command', () => {
  it('gives a result with everything filled in, and a start and an end event', async () => {
    const events = recordEvents();
    const computer = Computer.from(shComputer(), { events: events.scope });
    const result = await computer.sendShellCommand('echo out; echo err >&2; exit 3', {
      cwd: '/tmp',
      label: 'try',
    });
    expect(result).toMatchObject({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
      leftoverProcesses: null,
      outOfMemory: false,
      captured: { stdout: { totalBytes: 4, omittedBytes: 0 } },
    });
    expect(events.types).toEqual(['command.started', 'command.finished']);
    expect(events.of('command.started')[0]).toMatchObject({
      runId: 'run',
      computerId: computer.id,
      command: 'echo out; echo err >&2; exit 3',
      label: 'try',
      cwd: '/tmp',
    });
    expect(events.of('command.finished')[0]).toMatchObject({ exitCode: 3, stdoutBytes: 4, stderrBytes: 4 });
    expect(new Set(events.all.map((event) => event.spanId)).size).toBe(1);
  });

  it('throws from checkShellCommand with the last lines of its output, after one end event', async () => {
    const events = recordEvents();
    const computer = Computer.from(shComputer(), { events: events.scope });
    const error = await caught(computer.checkShellCommand('seq 1 100; echo why >&2; exit 7'));
    expect(error).toBeInstanceOf(CommandFailedError);
    expect(error).toMatchObject({ code: 'command_failed', computerId: computer.id, result: { exitCode: 7 } });
    expect((error as Error).message).toMatch(
      /exit code 7\.\nstderr ended with:\nwhy\nstdout ended with:\n81\n/,
    );
    expect(events.types).toEqual(['command.started', 'command.finished']);
  });

  it('fails with what its input threw and is ended, although the implementation took that for the end', async () => {
    const events = recordEvents();
    const computer = Computer.from(await customComputer(), { events: events.scope });
    const stdin = async function* () {
      yield Buffer.from('abc');
      await Promise.reject(new Error('disk read error'));
    };
    await expect(computer.sendShellCommand('wc -c', { stdin: stdin() })).rejects.toThrow('disk read error');
    const pidFile = join(folder, 'pid');
    const running = computer.checkShellCommand(`echo $$ >${pidFile}; cat; exec sleep 60`, { stdin: stdin() });
    await expect(running).rejects.toThrow('disk read error');
    expect(await isAlive(Number(await readFile(pidFile, 'utf8')))).toBe(false);
    expect(events.types.filter((type) => type !== 'command.output')).toEqual([
      ...['command.started', 'command.failed', 'command.started', 'command.failed'],
    ]);
    await computer.cleanup();
  });

  it('that is aborted is told as aborted, although its input ends with an error for it', async () => {
    const abort = new AbortController();
    const computer = Computer.from(await customComputer());
    const stdin = (async function* () {
      yield Buffer.from('abc');
      abort.abort(new Error('enough'));
      await Promise.reject(new Error('the stream was destroyed'));
    })();
    await expect(
      computer.sendShellCommand('wc -c', { stdin, signal: abort.signal, killGraceMs: 100 }),
    ).rejects.toMatchObject({ code: 'aborted', cause: { message: 'enough' } });
    await computer.cleanup();
  });

  it('takes a variable that is undefined for none, and hides none of the computer by it', async () => {
    const computer = Computer.from(await commandComputer({ prefix: ['env'], environment: { A: 'own' } }));
    const env = { A: undefined, B: undefined, C: 'given' };
    const { stdout } = await computer.checkShellCommand('echo "$A ${B-unset} $C"', { env });
    expect(stdout).toBe('own unset given\n');
    await computer.cleanup();
    const bare = Computer.from(shComputer());
    expect((await bare.checkShellCommand('echo "${B-unset} $C"', { env })).stdout).toBe('unset given\n');
  });

  it.each([
    ['a number in env', { env: { PORT: 3000 as unknown as string } }, /variable PORT is a number/],
    ['null in env', { env: { PORT: null as unknown as string } }, /variable PORT is null/],
    ['a NUL in env', { env: { PORT: '1\0' } }, /variable PORT holds a NUL/],
    ['a NUL in a secret of env', { env: { PORT: new Secret('1\0') } }, /variable PORT holds a NUL/],
    ['a NUL in cwd', { cwd: '/tmp\0/x' }, /^cwd is "\/tmp\\u0000\/x", with a NUL/],
  ])('with %s is refused before it starts', async (_, options, message) => {
    const events = recordEvents();
    const computer = Computer.from(shComputer(), { events: events.scope });
    const error = await caught(computer.sendShellCommand('true', options));
    expect(error).toMatchObject({ code: 'configuration', message: expect.stringMatching(message) });
    expect(events.types).toEqual([]);
  });

  it('takes an exit code that is missing for unknown, not for 0', async () => {
    const computer = Computer.from(
      shComputer({ sendShellCommand: async () => ({ stdout: '' }) as CommandResult }),
    );
    expect(await computer.sendShellCommand('true')).toMatchObject({ exitCode: null, stdout: '', stderr: '' });
    await expect(computer.checkShellCommand('true')).rejects.toThrow('exit code is not known');
  });

  it('has its output bounded and spilled where the implementation does neither', async () => {
    const computer = Computer.from(shComputer());
    const output = { headBytes: 4, tailBytes: 4, spillDirectory: join(folder, 'spill') };
    const result = await computer.sendShellCommand('printf aaaaXXXXXXbbbb', { output });
    expect(result.stdout).toBe('aaaa\n[... 6 bytes left out ...]\nbbbb');
    expect(result.captured.stdout).toMatchObject({ totalBytes: 14, omittedBytes: 6 });
    expect(await readFile(join(folder, 'spill', 'stdout'), 'utf8')).toBe('aaaaXXXXXXbbbb');
    expect(await readFile(join(folder, 'spill', 'stderr'), 'utf8')).toBe('');
  });

  it('tells its output while it runs, and once only', async () => {
    const events = recordEvents();
    const computer = Computer.from(shComputer(), { events: events.scope });
    const chunks: string[] = [];
    await computer.sendShellCommand('echo one; sleep 0.1; echo two >&2', {
      onOutput: ({ stream, bytes }) => chunks.push(`${stream}:${Buffer.from(bytes).toString()}`),
    });
    expect(chunks).toEqual(['stdout:one\n', 'stderr:two\n']);
    expect(events.of('command.output').map(({ stream, text }) => [stream, text])).toEqual([
      ['stdout', 'one\n'],
      ['stderr', 'two\n'],
    ]);
    expect(events.all.at(-1)?.type).toBe('command.finished');
  });

  it('tells its output at the end where the implementation does not stream', async () => {
    const events = recordEvents();
    const computer = Computer.from(
      shComputer({ sendShellCommand: async () => ({ exitCode: 0, stdout: 'out', stderr: 'err' }) }),
      { events: events.scope },
    );
    const chunks: string[] = [];
    await computer.sendShellCommand('x', { onOutput: ({ stream }) => chunks.push(stream) });
    expect(chunks).toEqual(['stdout', 'stderr']);
    expect(events.of('command.output').map(({ text }) => text)).toEqual(['out', 'err']);
  });

  it('has its end as its last event, whatever the implementation still says', async () => {
    const events = recordEvents();
    let late: (() => void) | undefined;
    const computer = Computer.from(
      shComputer({
        sendShellCommand: async (_, options) => {
          late = () => options?.onOutput?.({ stream: 'stdout', bytes: Buffer.from('late') });
          return { exitCode: 0, stdout: '', stderr: '' };
        },
      }),
      { events: events.scope },
    );
    await computer.sendShellCommand('x');
    late?.();
    expect(events.all.map(({ type }) => type)).toEqual(['command.started', 'command.finished']);
  });

  it('is not changed by an onOutput that throws, which is reported once', async () => {
    const events = recordEvents();
    const computer = Computer.from(shComputer(), { events: events.scope });
    const onOutput = () => {
      throw new Error('mine');
    };
    expect((await computer.sendShellCommand('echo a; echo b >&2', { onOutput })).exitCode).toBe(0);
    expect(events.of('diagnostic')).toHaveLength(1);
    expect(events.of('command.finished')).toHaveLength(1);
  });

  it('is not changed by an event outlet that throws', async () => {
    const events = recordEvents();
    const { createEventScope } = await import('../../../src/events/event-scope.js');
    const broken = createEventScope(() => {
      throw new Error('nobody home');
    });
    const computer = Computer.from(shComputer(), { events: broken });
    expect((await computer.sendShellCommand('echo a')).stdout).toBe('a\n');
    expect(events.all).toEqual([]);
  });

  it('runs in the shell that is asked for, also where the implementation knows no other than sh', async () => {
    const events = recordEvents();
    const computer = Computer.from(shComputer(), { events: events.scope });
    const options = { shell: 'bash', env: { PATH: '/usr/bin:/bin' } } as const;
    const result = await computer.sendShellCommand('words=(1 22); exit ${words[1]}', options);
    expect(result.exitCode).toBe(22);
    expect(events.of('command.started')[0]).toMatchObject({
      command: 'words=(1 22); exit ${words[1]}',
      shell: 'bash',
    });
    const onlySh = join(folder, 'only-sh');
    await mkdir(onlySh);
    await symlink('/bin/sh', join(onlySh, 'sh'));
    const missing = computer.sendShellCommand('true', { shell: 'login', env: { PATH: onlySh } });
    await expect(missing).rejects.toMatchObject({ code: 'command_spawn', reason: 'shell', command: 'true' });
    const unknown = computer.sendShellCommand('true', { shell: 'fish' as 'bash' });
    await expect(unknown).rejects.toMatchObject({ code: 'configuration' });
  });

  it('is refused where it cannot mean what it says', async () => {
    const computer = Computer.from(shComputer());
    const configuration = expect.objectContaining({ code: 'configuration' }) as Error;
    await expect(computer.sendShellCommand('a\0b')).rejects.toThrow(configuration);
    await expect(computer.sendShellCommand('true', { cwd: 'relative' })).rejects.toThrow(configuration);
    await expect(computer.sendShellCommand('true', { env: { 'A=B': '1' } })).rejects.toThrow(configuration);
    await expect(computer.sendShellCommand('true', { timeoutMs: -1 })).rejects.toThrow(configuration);
    await expect(computer.upload('/x', 'relative')).rejects.toThrow(configuration);
    await expect(computer.sendShellCommand('true', { user: 'nobody' })).rejects.toMatchObject({
      code: 'unsupported_option',
      option: 'user',
    });
  });

  it('of two MiB is cut in its event', async () => {
    const events = recordEvents();
    const computer = Computer.from(
      shComputer({
        sendShellCommand: async (command) => ({ exitCode: command.length, stdout: '', stderr: '' }),
      }),
      { events: events.scope },
    );
    expect((await computer.sendShellCommand('x'.repeat(2 ** 21))).exitCode).toBe(2 ** 21);
    expect(events.of('command.started')[0]?.command.length).toBeLessThan(20_000);
  });
});

describe('every start has exactly one end', () => {
  const lost = new ComputerLostError('The machine is gone.', { reason: 'ended' });
  const faults: Record<string, [sendShellCommand: () => Promise<CommandResult>, end: string]> = {
    'when the implementation throws at once': [
      () => {
        throw new Error('at once');
      },
      'command.failed',
    ],
    'when it rejects with something that is no error': [
      // The point of this case is that anything may be thrown.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      async () => Promise.reject('a string'),
      'command.failed',
    ],
    'when the machine is lost': [async () => Promise.reject(lost), 'command.failed'],
    'when it gives nothing': [async () => undefined as unknown as CommandResult, 'command.failed'],
    'when it gives null': [async () => null as unknown as CommandResult, 'command.failed'],
    'when it never returns': [never, 'command.timed_out'],
  };
  for (const [name, [sendShellCommand, end]] of Object.entries(faults)) {
    it(name, async () => {
      const events = recordEvents();
      const computer = Computer.from(shComputer({ sendShellCommand }), { events: events.scope });
      // The kill script does not return either, and is waited for.
      vi.useFakeTimers();
      const error = caught(computer.sendShellCommand('x', { timeoutMs: 10, killGraceMs: 0 }));
      await vi.advanceTimersByTimeAsync(60_000);
      vi.useRealTimers();
      expect(await error).toBeDefined();
      expect(events.types.filter((type) => type.startsWith('command.'))).toEqual(['command.started', end]);
      if (end === 'command.timed_out') {
        expect(await error).toMatchObject({ kill: { outcome: 'unsupported', survivors: null } });
      }
    });
  }

  it('tells of a lost computer once', async () => {
    const events = recordEvents();
    const computer = Computer.from(shComputer({ sendShellCommand: async () => Promise.reject(lost) }), {
      events: events.scope,
    });
    await caught(computer.sendShellCommand('x'));
    await caught(computer.sendShellCommand('x'));
    expect(events.of('computer.lost')).toHaveLength(1);
  });

  it('for a signal that has fired before, without starting anything', async () => {
    const events = recordEvents();
    let started = 0;
    const computer = Computer.from(
      shComputer({
        sendShellCommand: async () => {
          started++;
          return { exitCode: 0, stdout: '', stderr: '' };
        },
      }),
      { events: events.scope },
    );
    const error = await caught(computer.sendShellCommand('x', { signal: AbortSignal.abort('enough') }));
    expect(error).toMatchObject({ code: 'aborted', name: 'AbortError', cause: 'enough' });
    expect(events.types).toEqual(['command.started', 'command.aborted']);
    expect(started).toBe(0);
  });

  it('for 64 commands at once, with no listener left on the shared signal', async () => {
    const events = recordEvents();
    const computer = Computer.from(shComputer(), { events: events.scope });
    const { signal } = new AbortController();
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const commands = Array.from({ length: 64 }, (_, index) =>
      computer.sendShellCommand(`exit ${index}`, { signal }),
    );
    expect((await Promise.all(commands)).map(({ exitCode }) => exitCode)).toEqual(
      commands.map((_, index) => index),
    );
    expect(events.of('command.finished')).toHaveLength(64);
    expect(warnings).toEqual([]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('a deadline that the implementation does not know', () => {
  it('ends the whole tree, TERM-proof and detached processes too, and gives the output so far', async () => {
    const events = recordEvents();
    const computer = Computer.from(shComputer(), { events: events.scope });
    const script = `
      echo before
      trap '' TERM
      setsid sh -c 'trap "" TERM; echo $$ >${folder}/detached; while :; do sleep 1; done' >/dev/null 2>&1 &
      (nohup sleep 600 >/dev/null 2>&1 & echo $! >${folder}/orphan)
      while :; do sleep 1; done`;
    const error = await caught(computer.sendShellCommand(script, { timeoutMs: 500, killGraceMs: 100 }));
    expect(error).toBeInstanceOf(CommandTimeoutError);
    const { kill, partial, message } = error as CommandTimeoutError;
    expect(kill).toMatchObject({ outcome: 'confirmed', survivors: 0 });
    expect(kill.killed).toBeGreaterThanOrEqual(3);
    expect(partial.stdout).toBe('before\n');
    expect(message).toContain('time limit of 500 ms. All its processes were ended.');
    for (const name of ['detached', 'orphan']) {
      expect(await isAlive(Number(await readFile(join(folder, name), 'utf8')))).toBe(false);
    }
    expect(events.types).toEqual(['command.started', 'command.timed_out']);
    expect(events.of('command.timed_out')[0]).toMatchObject({
      stdoutBytes: 7,
      kill: { outcome: 'confirmed' },
    });
  });

  it('lets a command end by itself on TERM', async () => {
    const computer = Computer.from(shComputer());
    const script = `trap 'echo bye; exit 9' TERM; echo ready; while :; do sleep 0.05; done`;
    const error = await caught(computer.sendShellCommand(script, { timeoutMs: 300 }));
    expect(error).toMatchObject({
      partial: { exitCode: 9, stdout: 'ready\nbye\n' },
      kill: { outcome: 'confirmed' },
    });
  });

  it('does the same on an abort', async () => {
    const events = recordEvents();
    const computer = Computer.from(shComputer(), { events: events.scope });
    const caller = new AbortController();
    const error = await caught(
      computer.sendShellCommand(`echo $$; exec sleep 600`, {
        signal: caller.signal,
        onOutput: () => caller.abort(new Error('changed my mind')),
      }),
    );
    expect(error).toMatchObject({
      code: 'aborted',
      cause: { message: 'changed my mind' },
      kill: { outcome: 'confirmed', killed: 1 },
    });
    expect(await isAlive(Number((error as { partial: CommandResult }).partial.stdout))).toBe(false);
    expect(events.types).toEqual(['command.started', 'command.aborted']);
  });

  it('is told as such where the client rejects because its process was ended', async () => {
    const events = recordEvents();
    const plain = shComputer();
    const computer = Computer.from(
      shComputer({
        sendShellCommand: async (command, options) => {
          const result = await plain.sendShellCommand(command, options);
          if (result.exitCode === null) throw new Error('process was killed with a signal');
          return result;
        },
      }),
      { events: events.scope },
    );
    await expect(
      computer.sendShellCommand('echo so far; exec sleep 600', { timeoutMs: 300, killGraceMs: 0 }),
    ).rejects.toMatchObject({
      code: 'command_timeout',
      partial: { stdout: 'so far\n' },
      kill: { outcome: 'confirmed', survivors: 0 },
    });
    expect(events.types.at(-1)).toBe('command.timed_out');
  });

  it('is not reported for a command that ends in time with the code of a time-out', async () => {
    const computer = Computer.from(shComputer());
    for (const exitCode of [124, 137, 143, 255]) {
      const result = await computer.sendShellCommand(`exit ${exitCode}`, { timeoutMs: 60_000 });
      expect(result.exitCode).toBe(exitCode);
    }
  });

  it('reports a kill that cannot be tried as unsupported', async () => {
    let commands = 0;
    const letGo: AbortSignal[] = [];
    const computer = Computer.from(
      shComputer({
        sendShellCommand: async (_, options) => {
          if (commands++ > 0) throw new Error('one command at a time');
          if (options?.signal !== undefined) letGo.push(options.signal);
          options?.onOutput?.({ stream: 'stdout', bytes: Buffer.from('so far') });
          return never();
        },
      }),
    );
    const error = await caught(computer.sendShellCommand('x', { timeoutMs: 10, killGraceMs: 0 }));
    expect(error).toMatchObject({
      code: 'command_timeout',
      kill: { outcome: 'unsupported', killed: 0, survivors: null },
      partial: { exitCode: null, stdout: 'so far' },
    });
    expect(letGo[0]?.aborted).toBe(true);
  });

  it('is not called confirmed where the marker never reached the command', async () => {
    const inner = shComputer();
    const computer = Computer.from(
      shComputer({
        sendShellCommand: async (command, options) =>
          inner.sendShellCommand(command, { ...options, env: {}, cwd: undefined }),
      }),
    );
    const error = await caught(
      computer.sendShellCommand(`echo $$; exec sleep 600`, { timeoutMs: 200, killGraceMs: 0 }),
    );
    const { kill, partial } = error as CommandTimeoutError;
    process.kill(Number(partial.stdout), 'SIGKILL');
    expect(kill).toMatchObject({ outcome: 'unconfirmed', survivors: null });
  });

  it('ends by killAll whatever commands have left behind', async () => {
    const computer = Computer.from(shComputer());
    const { stdout } = await computer.sendShellCommand('setsid sleep 600 >/dev/null 2>&1 & echo $!');
    expect(await isAlive(Number(stdout))).toBe(true);
    expect(await computer.killAll()).toEqual({ outcome: 'confirmed', killed: 1, survivors: 0 });
    expect(await isAlive(Number(stdout))).toBe(false);
  });
});

describe('an implementation that kills by itself', () => {
  const capabilities = { killsProcessTree: true };

  it('gets the time limit and the signal as they are, and no marker', async () => {
    let seen: unknown;
    const caller = new AbortController();
    const computer = Computer.from(
      shComputer({
        capabilities,
        sendShellCommand: async (_, options) => {
          seen = { timeoutMs: options?.timeoutMs, marked: markerVariable in (options?.env ?? {}) };
          return { exitCode: 0, stdout: '', stderr: '' };
        },
      }),
    );
    await computer.sendShellCommand('x', { timeoutMs: 1234, signal: caller.signal });
    expect(seen).toEqual({ timeoutMs: 1234, marked: false });
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
  });

  it('has its own error told as it is', async () => {
    const events = recordEvents();
    const kill = { outcome: 'confirmed', killed: 4, survivors: 0 } as const;
    const partial = { exitCode: null, stdout: 'abc', stderr: '' };
    const thrown = new CommandTimeoutError('late', { command: 'x', partial, kill });
    const computer = Computer.from(
      shComputer({ capabilities, sendShellCommand: async () => Promise.reject(thrown) }),
      { events: events.scope },
    );
    expect(await caught(computer.sendShellCommand('x', { timeoutMs: 5 }))).toBe(thrown);
    expect(events.of('command.timed_out')[0]).toMatchObject({ kill, stdoutBytes: 3 });
  });

  it('and rejects an abort in its own way, is still told as aborted', async () => {
    const events = recordEvents();
    const caller = new AbortController();
    const computer = Computer.from(
      shComputer({
        capabilities,
        sendShellCommand: async (_, options) =>
          new Promise((_resolve, reject) => {
            options?.signal?.addEventListener('abort', () => reject(new DOMException('stop', 'AbortError')));
            caller.abort('enough');
          }),
      }),
      { events: events.scope },
    );
    const error = await caught(computer.sendShellCommand('x', { signal: caller.signal }));
    expect(error).toMatchObject({ code: 'aborted', cause: 'enough', kill: { outcome: 'unconfirmed' } });
    expect(events.types).toEqual(['command.started', 'command.aborted']);
  });
});

describe('secrets', () => {
  const value = 'hunter2-hunter2';

  it('reach the command and neither events nor errors', async () => {
    const events = recordEvents();
    const computer = Computer.from(shComputer(), { events: events.scope });
    const script = `printf %s "$TOKEN" | cut -c1-7; printf %s "$TOKEN"; sleep 0.05; echo ${value} >&2; exit 1`;
    const options = { env: { TOKEN: new Secret(value) }, label: `use ${value}` };
    const result = await computer.sendShellCommand(script, options);
    expect(result.stdout).toBe(`hunter2\n${value}`);
    const error = await caught(computer.checkShellCommand(script, options));
    const told =
      JSON.stringify(events.all) + inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error);
    expect(told).not.toContain(value);
    expect(told).not.toContain(Buffer.from(value).toString('hex').replace(/../g, '$& ').trim());
    expect(told).toContain('[redacted]');
  });

  it('do not get out by an error of the implementation or its cause', async () => {
    const events = recordEvents();
    const cause = Object.assign(new Error(`connect to ${value} failed`), { url: `https://${value}@host` });
    const computer = Computer.from(
      shComputer({
        sendShellCommand: async () => Promise.reject(new Error(`no shell for ${value}`, { cause })),
        upload: async () => Promise.reject(new Error(`no upload of ${value}`)),
      }),
      { events: events.scope, redactor: new Redactor([new Secret(value)]) },
    );
    const errors = [
      await caught(computer.sendShellCommand('x')),
      await caught(computer.upload(new Uint8Array(), `/${value}`)),
    ];
    expect(inspect(errors, { depth: 9 }) + JSON.stringify(events.all)).not.toContain(value);
  });

  it('and the implementation cannot be reached from a computer', async () => {
    const implementation = shComputer({ id: 'known' });
    Object.assign(implementation, { apiKey: value });
    const redactor = new Redactor([new Secret(value)]);
    const computer = Computer.from(implementation, { redactor }).forAgent();
    await computer.sendShellCommand('true');
    expect(reachable(computer).has(implementation)).toBe(false);
    expect(inspect(computer, { depth: 9, showHidden: true })).not.toContain(value);
    expect(JSON.stringify(computer)).not.toContain(value);
    expect(structuredCloneOrNothing(computer)).not.toContain(value);
  });

  function structuredCloneOrNothing(object: object): string {
    try {
      return inspect(structuredClone(object), { depth: 9 });
    } catch {
      return '';
    }
  }

  /** Everything that can be found by reading properties, getters and prototypes included. */
  function reachable(start: object): Set<unknown> {
    const found = new Set<unknown>();
    const pending: unknown[] = [start];
    while (pending.length > 0) {
      const value = pending.pop();
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || found.has(value))
        continue;
      found.add(value);
      pending.push(Object.getPrototypeOf(value));
      for (const name of Reflect.ownKeys(value)) {
        if (value === Function.prototype) continue;
        try {
          pending.push(Reflect.get(value, name, start));
        } catch {
          // Accessors of other classes refuse a stranger.
        }
      }
    }
    return found;
  }
});

describe('files', () => {
  it('go up and down between events that count their bytes', async () => {
    const events = recordEvents();
    const computer = Computer.from(shComputer(), { events: events.scope });
    await writeFile(join(folder, 'local'), 'local');
    async function* pieces() {
      yield Buffer.from('pie');
      yield Buffer.from('ces');
    }
    await computer.upload(join(folder, 'local'), join(folder, 'a', 'b'));
    await computer.upload(pieces(), join(folder, 'c'));
    expect(Buffer.from(await computer.download(join(folder, 'a', 'b'))).toString()).toBe('local');
    expect(await readFile(join(folder, 'c'), 'utf8')).toBe('pieces');
    expect(events.of('file.upload.finished').map(({ bytes }) => bytes)).toEqual([5, 6]);
    expect(events.of('file.download.finished').map(({ bytes }) => bytes)).toEqual([5]);
    await caught(computer.download(join(folder, 'absent')));
    expect(events.types.slice(-2)).toEqual(['file.download.started', 'file.download.failed']);
  });

  it.each([NaN, -1, 0.5, 0o10000, Infinity])('are not uploaded with the mode %s', async (mode) => {
    const computer = Computer.from(shComputer());
    const target = join(folder, 'refused');
    await expect(computer.upload(Buffer.from('x'), target, { mode })).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringMatching(/^mode is .*; give permission bits/),
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('have deadlines that hold even where the implementation does not look', async () => {
    const events = recordEvents();
    const computer = Computer.from(
      shComputer({
        upload: async (_source, _path, options) =>
          new Promise((_, reject) =>
            options?.signal?.addEventListener('abort', () => reject(new Error('own'))),
          ),
      }),
      { events: events.scope },
    );
    const error = await caught(computer.upload(new Uint8Array(), '/x', { timeoutMs: 10 }));
    expect(error).toMatchObject({ code: 'timeout', message: expect.stringContaining('/x') as string });
    const signal = AbortSignal.abort();
    expect(await caught(computer.download('/x', { signal }))).toMatchObject({
      code: 'aborted',
      name: 'AbortError',
    });
    expect(events.types).toEqual([
      'file.upload.started',
      'file.upload.failed',
      'file.download.started',
      'file.download.failed',
    ]);
  });
});

describe('trees, without any support of the implementation,', () => {
  const parts = { root: '' };
  beforeEach(() => {
    // Temporary archives go below the root's /tmp; a root of its own shows what is left there.
    parts.root = join(folder, 'root');
  });

  it('go up and come down, and leave no temporary file', async () => {
    const events = recordEvents();
    const computer = Computer.from(shComputer({ root: parts.root }), { events: events.scope });
    await writeFile(join(folder, 'seed'), 'x');
    const source = join(folder, 'source');
    await mkdir(join(source, 'empty'), { recursive: true });
    await writeFile(join(source, 'big'), Buffer.alloc(20 * 1024 * 1024, 'xyz'));
    await symlink('big', join(source, 'link'));

    const remote = join(folder, "it's here");
    await computer.uploadTree(source, remote);
    await computer.downloadTreeTo(remote, join(folder, 'back'));

    expect((await readdir(join(folder, 'back'))).sort()).toEqual(['big', 'empty', 'link']);
    expect((await readFile(join(folder, 'back', 'big'))).equals(await readFile(join(source, 'big')))).toBe(
      true,
    );
    expect(await readdir(join(parts.root, 'tmp'))).toEqual([]);
    expect(events.of('file.upload.finished')).toHaveLength(1);
    expect(events.of('file.download.finished')).toHaveLength(1);
    expect(events.of('command.started').length).toBe(
      events.all.filter(({ type }) => /^command\.(finished|failed|timed_out|aborted)$/.test(type)).length,
    );
  });

  it('name what is not there or no directory', async () => {
    const events = recordEvents();
    const computer = Computer.from(shComputer({ root: parts.root }), { events: events.scope });
    await writeFile(join(folder, 'file'), '');
    const target = join(folder, 'back');
    await expect(computer.downloadTreeTo(join(folder, 'absent'), target)).rejects.toMatchObject({
      reason: 'not_found',
    });
    await expect(computer.downloadTreeTo(join(folder, 'file'), target)).rejects.toMatchObject({
      reason: 'not_a_directory',
    });
    expect(events.of('file.download.failed')).toHaveLength(2);
    expect(await readdir(folder)).not.toContain('back');
  });

  it('leave nothing when they are aborted', async () => {
    const computer = Computer.from(shComputer({ root: parts.root }));
    const caller = new AbortController();
    async function* endless() {
      yield Buffer.alloc(1024);
      caller.abort('enough');
      yield Buffer.alloc(1024);
    }
    const error = await caught(computer.uploadTree(endless(), join(folder, 'x'), { signal: caller.signal }));
    expect(error).toMatchObject({ code: 'aborted', cause: 'enough' });
    expect(await readdir(join(parts.root, 'tmp'))).toEqual([]);
  });

  it('end with an event also when the reader stops early', async () => {
    const events = recordEvents();
    const computer = Computer.from(shComputer({ root: parts.root }), { events: events.scope });
    await writeFile(join(folder, 'file'), Buffer.alloc(20 * 1024 * 1024));
    for await (const chunk of computer.downloadTree(folder)) {
      expect(chunk.length).toBe(8 * 1024 * 1024);
      break;
    }
    expect(events.of('file.download.finished')).toHaveLength(1);
    expect(await readdir(join(parts.root, 'tmp'))).toEqual([]);
  });
});

describe('cleanup', () => {
  it('happens once, also for callers at the same time, and every later call is refused', async () => {
    const events = recordEvents();
    let cleanups = 0;
    const computer = Computer.from(
      shComputer({
        cleanup: async () => {
          cleanups++;
        },
      }),
      { events: events.scope },
    );
    await Promise.all([computer.cleanup(), computer.cleanup()]);
    await computer.cleanup();
    expect(cleanups).toBe(1);
    expect(events.types).toEqual(['computer.cleanup.started', 'computer.cleanup.finished']);
    const refused = { code: 'computer_lost', reason: 'cleaned_up', retryable: false };
    const view = computer.forAgent();
    for (const call of [
      view.sendShellCommand('true'),
      view.checkShellCommand('true'),
      computer.upload(new Uint8Array(), '/x'),
      computer.download('/x'),
      computer.uploadTree(folder, '/x'),
      computer.downloadTreeTo('/x', join(folder, 'y')),
      computer.killAll(),
    ].map(caught)) {
      expect(await call).toMatchObject(refused);
    }
    expect(await computer.describe()).toEqual({ state: 'unknown' });
    expect(events.of('computer.lost')).toEqual([]);
  });

  it('that failed is told and can be tried again', async () => {
    const events = recordEvents();
    let tries = 0;
    const computer = Computer.from(
      shComputer({
        cleanup: () => {
          if (tries++ === 0) throw new Error('busy');
          return Promise.resolve();
        },
      }),
      { events: events.scope },
    );
    await expect(computer.cleanup()).rejects.toThrow('busy');
    await computer.cleanup();
    expect(events.types).toEqual([
      'computer.cleanup.started',
      'computer.cleanup.failed',
      'computer.cleanup.started',
      'computer.cleanup.finished',
    ]);
  });

  it('ends calls that the implementation leaves hanging', async () => {
    const events = recordEvents();
    const computer = Computer.from(shComputer({ sendShellCommand: never, download: never }), {
      events: events.scope,
    });
    const command = caught(computer.sendShellCommand('x'));
    await computer.cleanup();
    expect(await command).toMatchObject({
      code: 'computer_lost',
      reason: 'cleaned_up',
      commandMayBeRunning: true,
    });
    expect(events.types).toEqual([
      'command.started',
      'computer.cleanup.started',
      'computer.cleanup.finished',
      'command.failed',
    ]);
  });

  it('is done by await using, and by nobody for a computer of somebody else', async () => {
    const events = recordEvents();
    const ours = shComputer();
    {
      await using computer = Computer.from(ours, { events: events.scope });
      await using agent = computer.forAgent().within(events.scope);
      await using theirs = Computer.from(ours, { owned: false });
      await theirs.cleanup();
      await agent.cleanup();
      expect(events.types).toEqual([]);
      expect((await agent.sendShellCommand('true')).exitCode).toBe(0);
    }
    expect(events.types.filter((type) => type.startsWith('computer'))).toEqual([
      'computer.cleanup.started',
      'computer.cleanup.finished',
    ]);
  });
});

describe('views', () => {
  it('put events into another context and share the computer', async () => {
    const events = recordEvents();
    const computer = Computer.from(shComputer({ id: 'one' }), { events: events.scope });
    const grading = computer.within(events.scope.within({ phase: 'grade' }));
    await grading.sendShellCommand('true');
    expect(events.of('command.finished')[0]).toMatchObject({ phase: 'grade', computerId: 'one' });
    await grading.cleanup();
    await expect(computer.sendShellCommand('true')).rejects.toMatchObject({ reason: 'cleaned_up' });
  });

  it('of an agent end with their signal, whatever they were doing', async () => {
    const phase = new AbortController();
    const computer = Computer.from(shComputer());
    const agent = computer.forAgent({ until: phase.signal });
    const running = caught(
      agent
        .forAgent({ until: new AbortController().signal })
        .sendShellCommand('echo started; exec sleep 600', {
          onOutput: () => phase.abort('the phase is over'),
        }),
    );
    expect(await running).toMatchObject({ code: 'aborted', kill: { outcome: 'confirmed' } });
    expect(await caught(agent.sendShellCommand('true'))).toMatchObject({ code: 'aborted' });
    expect(await caught(agent.upload(new Uint8Array(), '/tmp/x'))).toMatchObject({ code: 'aborted' });
    expect((await computer.sendShellCommand('true')).exitCode).toBe(0);
  });
});

describe('describe', () => {
  it('never throws', async () => {
    expect(await Computer.from(shComputer()).describe()).toEqual({ state: 'unknown' });
    const broken = shComputer({
      describe: () => {
        throw new Error('broken');
      },
    });
    expect(await Computer.from(broken).describe()).toEqual({ state: 'unknown' });
    const running = shComputer({ describe: async () => ({ state: 'running' }) });
    expect(await Computer.from(running).describe()).toEqual({ state: 'running' });
  });
});

describe('the network policy of an implementation', () => {
  const passed = { name: 'outside-ipv4', found: 'unreachable', passed: true, detail: '' } as const;

  it('holds with checks that have passed', async () => {
    const report = { policy: 'cut', method: 'routes', checks: [passed] } as const;
    const computer = Computer.from(shComputer({ setNetworkPolicy: async () => report }));
    expect(await computer.setNetworkPolicy('cut')).toEqual(report);
  });

  it.each([
    ['another policy', { policy: 'open', method: 'nothing', checks: [passed] }, /reports the policy open/],
    ['no checks', { policy: 'cut', method: 'routes', checks: [] }, /checked nothing/],
    [
      'a check that failed',
      { policy: 'cut', method: 'routes', checks: [passed, { ...passed, passed: false, found: 'reachable' }] },
      /outside-ipv4 is reachable/,
    ],
    ['nothing', undefined, /reports the policy nothing/],
  ])('is not proved by %s', async (_, report, message) => {
    const events = recordEvents();
    const computer = Computer.from(
      // What somebody may write, whatever the type says.
      shComputer({ setNetworkPolicy: async () => report as never }),
      { events: events.scope },
    );
    const failure = await caught(computer.setNetworkPolicy('cut'));
    expect(failure).toMatchObject({ code: 'network_policy', message: expect.stringMatching(message) });
    expect(events.types).toEqual(['network.changing', 'network.change_failed']);
  });
});

describe('what is not what the types say', () => {
  it.each([Infinity, NaN, -1])('is refused as killGraceMs: %s', async (killGraceMs) => {
    const failure = await caught(Computer.from(shComputer()).sendShellCommand('true', { killGraceMs }));
    expect(failure).toMatchObject({ code: 'configuration', message: expect.stringContaining('killGraceMs') });
  });

  it.each([-1, 0.5, NaN])('is refused as a bound of the output: %s', async (headBytes) => {
    const failure = await caught(
      Computer.from(shComputer()).sendShellCommand('true', { output: { headBytes } }),
    );
    expect(failure).toMatchObject({ code: 'configuration', message: expect.stringContaining('headBytes') });
  });

  it.each([
    [Buffer.from('x'), 'Buffer'],
    [7, 'a number'],
  ])('is a clear error as output: %s', async (stdout, kind) => {
    const computer = Computer.from(
      shComputer({ sendShellCommand: async () => ({ exitCode: 0, stdout: stdout as never, stderr: '' }) }),
    );
    const failure = await caught(computer.sendShellCommand('true', { env: { KEY: new Secret('hunter22') } }));
    expect(failure).toMatchObject({
      code: 'configuration',
      message: expect.stringContaining(`gave ${kind} for stdout`),
    });
  });

  it('is refused as a download, also one of more bytes than were allowed', async () => {
    const computer = Computer.from(shComputer({ download: async () => 'text' as never }));
    expect(await caught(computer.download('/x'))).toMatchObject({ code: 'configuration' });
    const generous = Computer.from(shComputer({ download: async () => new Uint8Array(200) }));
    expect(await caught(generous.download('/x', { maxBytes: 100 }))).toMatchObject({ reason: 'too_large' });
  });

  it.each(['hunter22 is wrong', { token: 'hunter22' }, undefined])(
    'is an error without secrets where something else is thrown: %o',
    async (thrown) => {
      const computer = Computer.from(
        shComputer({
          sendShellCommand: () => {
            // eslint-disable-next-line @typescript-eslint/only-throw-error
            throw thrown;
          },
        }),
      );
      const failure = await caught(
        computer.sendShellCommand('true', { env: { KEY: new Secret('hunter22') } }),
      );
      expect(failure).toBeInstanceOf(Error);
      expect(inspect(failure)).not.toContain('hunter22');
    },
  );
});

describe('defineComputer', () => {
  it('derives checkShellCommand, and keeps an instance of a class working', async () => {
    class Machine {
      #exitCode = 5;
      async sendShellCommand() {
        return { exitCode: this.#exitCode, stdout: '', stderr: 'why' };
      }
      async upload() {
        this.#exitCode = 0;
      }
      async download() {
        return new Uint8Array();
      }
      async cleanup() {}
    }
    const computer = defineComputer(new Machine());
    await expect(computer.checkShellCommand('x')).rejects.toMatchObject({ code: 'command_failed' });
    await computer.upload(new Uint8Array(), 'x');
    expect(await computer.checkShellCommand('x')).toMatchObject({ exitCode: 0 });
  });

  it('refuses commands and files once it has been cleaned up', async () => {
    const computer = defineComputer({
      sendShellCommand: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
      upload: async () => undefined,
      download: async () => new Uint8Array(),
      cleanup: async () => undefined,
    });
    await computer.cleanup();
    await computer.cleanup();
    const refusal = { code: 'computer_lost', reason: 'cleaned_up' };
    await expect(computer.sendShellCommand('x')).rejects.toMatchObject(refusal);
    await expect(computer.checkShellCommand('x')).rejects.toMatchObject(refusal);
    await expect(computer.upload(new Uint8Array(), 'x')).rejects.toMatchObject(refusal);
    await expect(computer.download('x')).rejects.toMatchObject(refusal);
  });
});
