import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type ByteChannel, channelComputer } from '../../../src/computer/command/index.js';
import { ComputerStartError, ConfigurationError } from '../../../src/index.js';
import { testConformance } from '../../fixtures/conformance-tests.js';

/** All that an API has to offer: a program inside, and its streams. */
function open([file = '', ...parameters]: readonly string[]): ByteChannel {
  const child = spawn(file, parameters, { env: { PATH: '/usr/bin:/bin' } });
  const { stdin, stdout, stderr } = child;
  return { stdin, stdout, stderr, ended: once(child, 'exit'), close: () => child.kill() };
}

describe('channelComputer over a small `open`', () => {
  testConformance(async () => channelComputer({ open }), { otherUser: 'nobody' });

  test('gives back the machine when it cannot be started, and says what `open` said', async () => {
    let released = 0;
    const starting = channelComputer({
      open: () => Promise.reject(new Error('no such box')),
      release: async () => {
        released += 1;
        return Promise.resolve();
      },
    });
    await expect(starting).rejects.toBeInstanceOf(ComputerStartError);
    await expect(starting).rejects.toThrow(/no such box/);
    expect(released).toBe(1);
  });

  test('tells the loss of a channel while its command runs, and finds a durable one again', async () => {
    let close: () => void = () => undefined;
    const computer = await channelComputer({
      open: (argv) => {
        const channel = open(argv);
        const ended = new Promise<void>((resolve) => {
          close = () => {
            for (const stream of [channel.stdin, channel.stdout, channel.stderr]) stream.destroy();
            resolve();
          };
        });
        return { ...channel, ended: Promise.race([channel.ended, ended]) };
      },
    });
    try {
      // The input gives the command a channel of its own, which is the last that was opened.
      const run = async (durable: boolean) =>
        computer.sendShellCommand(`cat; echo ready; sleep ${durable ? 1 : 60}; exit 4`, {
          ...{ durable, stdin: 'given\n' },
          onOutput: ({ bytes }) => {
            if (Buffer.from(bytes).includes('ready')) close();
          },
        });
      await expect(run(false)).rejects.toMatchObject({ code: 'computer_lost', commandMayBeRunning: true });
      expect(await run(true)).toMatchObject({ exitCode: 4, stdout: 'given\nready\n' });
    } finally {
      await computer.cleanup();
    }
  });

  describe('an `open` that does not settle', { timeout: 30_000 }, () => {
    const never = async () => new Promise<ByteChannel>(() => undefined);

    test('fails the start in time, and what comes later is closed', async () => {
      let give: (channel: ByteChannel) => void = () => undefined;
      const late = new Promise<ByteChannel>((resolve) => {
        give = resolve;
      });
      const starting = channelComputer({ open: async () => late, startTimeoutMs: 50 });
      await expect(starting).rejects.toBeInstanceOf(ComputerStartError);
      await expect(starting).rejects.toThrow('gave no channel within 50 ms');
      const channel = open(['sleep', '600']);
      const ended = channel.ended.then(() => {
        throw new Error('It was closed.');
      });
      await new Promise<void>((resolve) => give({ ...channel, ended, close: resolve }));
      channel.close?.();
      await channel.ended;
      expect(channel.stdin.destroyed).toBe(true);
    });

    test('is a lost computer for a command or a file without a time limit', async () => {
      let isHanging = false;
      const computer = await channelComputer({
        open: (argv) => (isHanging ? never() : open(argv)),
        startTimeoutMs: 2000,
      });
      const lost = { code: 'computer_lost', reason: 'connection' };
      try {
        isHanging = true;
        await expect(computer.sendShellCommand('cat', { stdin: 'x' })).rejects.toMatchObject(lost);
        await expect(computer.upload(new Uint8Array(1), '/tmp/never')).rejects.toMatchObject(lost);
      } finally {
        isHanging = false;
        await computer.cleanup();
      }
    });
  });

  test.each([
    ['stderr', 'a readable stderr'],
    ['ended', 'a promise `ended`'],
  ] as const)(
    'an `open` whose channel has no %s is told so, and the channel is closed',
    async (part, what) => {
      let channel: ByteChannel | undefined;
      const starting = channelComputer({
        open: (argv) => {
          channel = open(argv);
          return { ...channel, [part]: undefined };
        },
      });
      await expect(starting).rejects.toBeInstanceOf(ConfigurationError);
      await expect(starting).rejects.toThrow(`It lacks ${what}.`);
      await channel?.ended;
    },
  );

  test('a `close` that fails harms nobody', async () => {
    const computer = await channelComputer({
      open: (argv) => {
        const channel = open(argv);
        const close = () => {
          channel.close?.();
          throw new Error('it is closed already');
        };
        return { ...channel, close };
      },
    });
    expect((await computer.sendShellCommand('cat', { stdin: 'x' })).stdout).toBe('x');
    await computer.cleanup();
  });
});
