import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type ByteChannel, channelComputer } from '../../../src/computer/command/index.js';
import { ComputerStartError } from '../../../src/computer/index.js';
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
});
