import { describe, expect, it } from 'vitest';
import {
  CommandAbortedError,
  CommandTimeoutError,
  ComputerLostError,
} from '../../../../src/computer/errors.js';
import type { ShellCommandOptions } from '../../../../src/computer/computer-interface.js';
import type { ShellEngine } from '../../../../src/computer/shell/shell-engine.js';
import type { ShellTransport } from '../../../../src/computer/shell/shell-transport.js';
import { shellsAndStrategies, shellTransport, startEngine } from './shells.js';

/** Aborts the command once it has printed a line, so that no test has to guess when it runs. */
async function abortWhenReady(
  engine: ShellEngine,
  command: string,
  options: ShellCommandOptions = {},
): Promise<CommandAbortedError> {
  const controller = new AbortController();
  const error: unknown = await engine
    .sendShellCommand(command, {
      killGraceMs: 200,
      ...options,
      signal: controller.signal,
      onOutput: ({ bytes }) => {
        if (Buffer.from(bytes).includes('ready')) controller.abort(new Error('enough'));
      },
    })
    .catch((thrown: unknown) => thrown);
  if (!(error instanceof CommandAbortedError))
    throw new Error('The command was not aborted.', { cause: error });
  return error;
}

/** Processes of this machine with that word among their arguments. */
async function countRunning(engine: ShellEngine, seconds: string): Promise<number> {
  const { stdout } = await engine.sendShellCommand(
    `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -o 'sleep ${seconds.slice(0, 1)}[${seconds.slice(1, 2)}]${seconds.slice(2)}' | wc -l`,
  );
  return Number(stdout);
}

let nextSeconds = 40_000_000 + (process.pid % 10_000) * 1000;

describe.each(shellsAndStrategies)('ending a command in $name by $strategy', (shell) => {
  const test = it.skipIf(shell.missing);

  test('at its deadline gives what it had printed, and proof', async () => {
    const error: unknown = await startEngine(shell)
      .sendShellCommand('echo before; exec sleep 300', { timeoutMs: 300, killGraceMs: 2000 })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CommandTimeoutError);
    expect(error).toMatchObject({
      partial: { stdout: 'before\n', exitCode: 143 },
      kill: { outcome: 'confirmed', survivors: 0, killed: 1 },
      computerId: 'computer-1',
    });
  });

  test.each([
    ['a child', 'sleep SECONDS & echo ready; wait'],
    ['a pipeline', 'sleep SECONDS | sleep SECONDS | { echo ready >&2; sleep SECONDS; }'],
    ['a process in a session of its own', 'setsid sleep SECONDS & echo ready; wait'],
    ['a process that ignores the hangup', 'nohup sleep SECONDS >/dev/null 2>&1 & echo ready; wait'],
    [
      'a double fork with closed streams',
      '(setsid sh -c "setsid sleep SECONDS & exit" </dev/null >/dev/null 2>&1 &); echo ready; sleep SECONDS',
    ],
    ['a process with an empty environment', 'setsid env -i sleep SECONDS & echo ready; wait'],
    [
      'a process that ignores TERM',
      'trap "" TERM; sleep SECONDS & echo ready; while :; do wait; sleep SECONDS; done',
    ],
    [
      'all of them, ignoring TERM',
      'trap "" TERM; setsid env -i sh -c "trap \'\' TERM; sleep SECONDS & sleep SECONDS" & nohup setsid sleep SECONDS >/dev/null & echo ready; sleep SECONDS',
    ],
  ])('ends %s', async (_, text) => {
    const engine = startEngine(shell);
    const seconds = String(nextSeconds++);
    const error = await abortWhenReady(engine, text.replaceAll('SECONDS', seconds));
    expect(error.kill).toMatchObject({ outcome: 'confirmed', survivors: 0 });
    expect(error.kill.killed).toBeGreaterThan(0);
    expect(await countRunning(engine, seconds)).toBe(0);
  });

  test('spares everything that is not its own', async () => {
    const engine = startEngine(shell);
    const seconds = String(nextSeconds++);
    await engine.sendShellCommand(`sleep ${seconds} >/dev/null 2>&1 &`);
    await abortWhenReady(engine, 'echo ready; sleep 300');
    expect(await countRunning(engine, seconds)).toBe(1);
  });

  test('wins against a command that forks all the time', async () => {
    const error = await abortWhenReady(
      startEngine(shell),
      'spawn() { while :; do sleep 0.05 & sleep 0.01; done; }; spawn & spawn & echo ready; spawn',
    );
    expect(error.kill).toMatchObject({ outcome: 'confirmed', survivors: 0 });
  });

  test('by the caller keeps the reason and reads like any other abort', async () => {
    const error = await abortWhenReady(startEngine(shell), 'echo ready; sleep 300');
    expect(error).toMatchObject({ name: 'AbortError', code: 'aborted', cause: new Error('enough') });
  });

  test('lets it finish within the grace', async () => {
    const error = await abortWhenReady(
      startEngine(shell),
      'trap "echo cleaned up; exit 5" TERM; echo ready; while :; do sleep 0.05; done',
      { killGraceMs: 20_000 },
    );
    expect(error.partial).toMatchObject({ stdout: 'ready\ncleaned up\n', exitCode: 5 });
  });

  test('starts nothing when the signal has fired before', async () => {
    const file = `/tmp/swelancer-not-started-${nextSeconds++}`;
    const engine = startEngine(shell);
    const started = engine.sendShellCommand(`echo >${file}`, { signal: AbortSignal.abort() });
    await expect(started).rejects.toBeInstanceOf(CommandAbortedError);
    expect((await engine.sendShellCommand(`test -e ${file}`)).exitCode).toBe(1);
  });

  test('does not happen to a command that gives 124 or 137 itself', async () => {
    const engine = startEngine(shell);
    for (const code of [124, 137]) {
      expect((await engine.sendShellCommand(`exit ${code}`, { timeoutMs: 60_000 })).exitCode).toBe(code);
    }
  });

  test("happens when its input fails, and the input's own error comes out", async () => {
    const engine = startEngine(shell);
    const seconds = String(nextSeconds++);
    const broken = async function* () {
      yield Buffer.from('some');
      throw new Error('the disk is gone');
    };
    await expect(
      engine.sendShellCommand(`sleep ${seconds}`, { stdin: broken(), killGraceMs: 0 }),
    ).rejects.toThrow('the disk is gone');
    expect(await countRunning(engine, seconds)).toBe(0);
  });

  test('lets go of an input that never ends', async () => {
    let released = false;
    const waiting: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: async () => {
          released = true;
          return { done: true, value: undefined };
        },
      }),
    };
    await startEngine(shell).sendShellCommand('true', { stdin: waiting });
    await expect.poll(() => released).toBe(true);
  });

  test('all at once gets what finished commands left', async () => {
    const engine = startEngine(shell);
    const seconds = String(nextSeconds++);
    await engine.sendShellCommand(`setsid sleep ${seconds} >/dev/null 2>&1 & sleep ${seconds} &`);
    expect(await engine.killAll()).toEqual({ outcome: 'confirmed', killed: 2, survivors: 0 });
    expect(await countRunning(engine, seconds)).toBe(0);
  });

  test('does not happen twice: a closed engine fails commands under way and starts no more', async () => {
    const engine = startEngine(shell);
    let close: Promise<void> | undefined;
    const running = engine.sendShellCommand('echo ready; sleep 2', {
      onOutput: () => {
        close ??= engine.close();
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'computer_lost', reason: 'cleaned_up' });
    await close;
    await expect(engine.sendShellCommand('true')).rejects.toBeInstanceOf(ComputerLostError);
    await engine.close();
  });
});

describe('the shell that kills', () => {
  it('is replaced when it was stopped, and the kill is proved', async () => {
    const [shell] = shellsAndStrategies;
    const inner = shellTransport(shell!);
    let opened = 0;
    const killTransport: ShellTransport = {
      open: async (request, options) => {
        opened += 1;
        // One that was stopped takes what it is given and says nothing.
        const silent = { ...request, argv: ['sh', '-c', 'kill -STOP $$'] };
        return await inner.open(opened === 1 ? silent : request, options);
      },
    };
    const engine = startEngine(shell!, { killTransport });
    await engine.prepare();
    const killed = engine.sendShellCommand('echo before; exec sleep 300', { timeoutMs: 300 });
    await expect(killed).rejects.toMatchObject({
      code: 'command_timeout',
      kill: { outcome: 'confirmed', survivors: 0, killed: 1 },
    });
    expect(opened).toBe(2);
  });
});
