import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Computer } from '../../../src/computer/computer.js';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { describeDocker, expectNothingLeft, testRequest } from '../../fixtures/docker.js';
import { recordEvents } from '../../unit/computer/fixtures/recorded-events.js';

const mark = randomUUID();
const labels = { 'swelancer.test': mark };

describeDocker('a background process in a container', () => {
  expectNothingLeft(`swelancer.test=${mark}`);
  const events = recordEvents();
  let computer: Computer;
  beforeAll(async () => {
    const implementation = await dockerRuntime({ labels }).start(testRequest(), { emit: () => undefined });
    computer = Computer.from(implementation, { events: events.scope });
  });
  afterAll(async () => {
    await computer.cleanup();
  });

  test('has its late output told as that of its own command', async () => {
    const first = await computer.sendShellCommand(
      '(until [ -e go ]; do sleep 0.05; done; echo late; echo late too >&2) & echo now',
    );
    expect(first).toMatchObject({ stdout: 'now\n', stderr: '' });
    const { commandId } = events.of('command.started').at(-1) ?? {};
    expect((await computer.sendShellCommand('touch go; echo next')).stdout).toBe('next\n');
    await expect
      .poll(() =>
        events
          .of('command.late_output')
          .map(({ stream, text }) => [stream, text])
          .sort(),
      )
      .toEqual([
        ['stderr', 'late too\n'],
        ['stdout', 'late\n'],
      ]);
    expect(events.of('command.late_output').every((event) => event.commandId === commandId)).toBe(true);
  });

  test('cannot read what the next command is told, from the shell that takes both', async () => {
    await computer.sendShellCommand(
      '(touch open; until [ -e spy ]; do sleep 0.05; done; timeout 2 cat <&9 >heard; echo done >>heard) 9</proc/$PPID/fd/0 >/dev/null 2>&1 & until [ -e open ]; do sleep 0.05; done',
    );
    const { stdout } = await computer.sendShellCommand('touch spy; sleep 0.5; echo $TOKEN', {
      env: { TOKEN: 'hunter22' },
    });
    expect(stdout).toBe('hunter22\n');
    await expect
      .poll(
        async () => (await computer.sendShellCommand('cat heard', { env: { TOKEN: 'hunter22' } })).stdout,
        {
          timeout: 15_000,
        },
      )
      .toBe('done\n');
  });

  test('does not keep a shell from being used again when it has ended', async () => {
    const first = await computer.sendShellCommand('sleep 300 & echo $PPID $!');
    const [supervisor, child] = first.stdout.trim().split(' ');
    const ended = await computer.sendShellCommand(`kill -9 ${child}; kill -0 ${supervisor}; echo $PPID`);
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.stdout.trim()).not.toBe(supervisor);
    const many = await Promise.all(
      Array.from({ length: 8 }, async () => await computer.sendShellCommand('sleep 0.5; echo $PPID')),
    );
    expect(many.map(({ stdout }) => stdout.trim())).toContain(supervisor);
  });
});
