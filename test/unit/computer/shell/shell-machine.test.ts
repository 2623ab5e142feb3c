import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { localTransport } from '../../../../src/computer/local/local-transport.js';
import type { ShellEngine } from '../../../../src/computer/shell/shell-engine.js';
import { isMissing } from '../../../fixtures/system-need.js';
import { baseEnvironment, type Shell, shellsAndStrategies, startEngine } from './shells.js';

/** A process namespace is as much of a container as the engine can tell. It needs root. */
const cannotIsolate = isMissing(
  spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status !== 0,
  'A process namespace needs root and `unshare`: install util-linux.',
);

const machines: ChildProcess[] = [];
afterEach(() => {
  for (const machine of machines.splice(0)) machine.kill('SIGKILL');
});

/** Starts a machine whose first process runs `entry`, and an engine for it. `entry` prints a line when it is up. */
async function startMachine(shell: Shell, entry: string) {
  const machine = spawn(
    'unshare',
    ['--pid', '--fork', '--mount-proc', '--kill-child', shell.path, '-c', entry],
    { env: baseEnvironment, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  machines.push(machine);
  await once(machine.stdout, 'data');
  const first = readFileSync(`/proc/${machine.pid}/task/${machine.pid}/children`, 'utf8').trim();
  return startEngine(shell, {
    transport: localTransport({
      environment: baseEnvironment,
      shell: ['nsenter', '--target', first, '--pid', '--mount', 'setsid', shell.path],
    }),
  });
}

async function running(engine: ShellEngine, seconds: string): Promise<number> {
  const { stdout } = await engine.sendShellCommand(
    `for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$file; echo; done 2>/dev/null | grep -cx 'sleep ${seconds} '`,
  );
  return Number(stdout);
}

describe.each(shellsAndStrategies)('a machine of its own, with $name by $strategy', (shell) => {
  const test = it.skipIf(shell.missing || cannotIsolate);

  const services =
    'sleep 1001 & setsid sh -c "sleep 1002 & sleep 1002" & (setsid env -i sleep 1003 &); echo up; while :; do sleep 0.1; done';
  const stray =
    'setsid env -i sleep 2001 >/dev/null 2>&1 & (setsid env -i sh -c "sleep 2001; :" >/dev/null 2>&1 &);';

  test('loses everything but its services when all is killed', async () => {
    const engine = await startMachine(shell, services);
    await engine.noteServices();
    await engine.sendShellCommand(`${stray} sleep 2001 &`);
    await expect.poll(() => running(engine, '2001')).toBe(3);
    expect(await engine.killAll()).toMatchObject({ outcome: 'confirmed', survivors: 0 });
    expect(await running(engine, '2001')).toBe(0);
    expect([
      await running(engine, '1001'),
      await running(engine, '1002'),
      await running(engine, '1003'),
    ]).toEqual([1, 2, 1]);
  });

  test('does not count what kept its shells open', async () => {
    const engine = await startMachine(shell, services);
    await engine.noteServices();
    for (let round = 0; round < 5; round++) {
      await Promise.all(['true', 'true', 'sleep 0.01 &'].map((command) => engine.sendShellCommand(command)));
      await expect.poll(() => running(engine, '0.01')).toBe(0);
      expect(await engine.killAll()).toEqual({ outcome: 'confirmed', killed: 0, survivors: 0 });
    }
  });

  test('keeps what its services start later', async () => {
    const engine = await startMachine(
      shell,
      'setsid sh -c "while ! test -e /tmp/go.$PPID.never; do sleep 0.2; done" & echo up; while :; do sleep 0.1; done',
    );
    await engine.noteServices();
    expect(await engine.killAll()).toMatchObject({ outcome: 'confirmed', survivors: 0 });
    await expect.poll(() => running(engine, '0.2')).toBe(1);
  });

  test('whose services nobody noted loses the processes of commands only', async () => {
    const engine = await startMachine(shell, services);
    await engine.sendShellCommand('setsid sleep 2001 >/dev/null 2>&1 &');
    expect(await engine.killAll()).toEqual({ outcome: 'confirmed', killed: 1, survivors: 0 });
    expect(await running(engine, '1003')).toBe(1);
  });

  test('that ends under a command does not look like its success', async () => {
    const engine = await startMachine(shell, 'echo up; sleep 300');
    const command = engine.sendShellCommand('echo ready; sleep 300', {
      onOutput: () => machines.at(-1)?.kill('SIGKILL'),
    });
    // Only a transport can tell a machine's end from a command's, but nothing answers any more where a lane was.
    if (shell.strategy === 'exec') expect((await command).exitCode).toBe(137);
    else await expect(command).rejects.toMatchObject({ code: 'computer_lost', reason: 'connection' });
  });
});
