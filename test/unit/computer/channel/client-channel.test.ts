import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ClientEnd, openClientChannel } from '../../../../src/computer/channel/client-channel.js';
import { readerText } from '../../../../src/computer/channel/remote-program.js';
import type { ShellChannel } from '../../../../src/computer/shell/shell-transport.js';
import { shells } from '../shell/shells.js';

async function read(stream: ShellChannel['stdout']): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe.each(shells)('a channel through $name', ({ path, missing }) => {
  describe.skipIf(missing)('with the shell there', () => {
    const open = async (
      script: string,
      argv: readonly string[] = [path, '-c', readerText],
      lastWords?: string,
    ) => {
      let end: ClientEnd | undefined;
      const channel = await openClientChannel({
        argv,
        request: { argv: [path, '-c', script], environment: { NAME: "a'b\n\\c" }, lastWords },
        startTimeoutMs: 20_000,
        explainEnd: async (ended) => {
          end = ended;
          return { kind: 'lost', error: new Error('lost') };
        },
      });
      return { channel, end: () => end };
    };

    test('it gives streams, input, environment and exit code', async () => {
      const { channel } = await open('cat; printf %s "$NAME" >&2; exit 9');
      channel.stdin.end('to the letter \\n');
      const [stdout, stderr, exit] = await Promise.all([
        read(channel.stdout),
        read(channel.stderr),
        channel.exit,
      ]);
      expect([stdout, stderr, exit]).toEqual([
        'to the letter \\n',
        "a'b\n\\c",
        { kind: 'exited', exitCode: 9 },
      ]);
    });

    test('it runs as the leader of a group of its own, and a signal is 128 and more', async () => {
      const { channel } = await open('ps -o pgid= -p $$ | tr -d " "; echo $$; kill -9 $$');
      channel.stdin.end();
      const [stdout, stderr, exit] = await Promise.all([
        read(channel.stdout),
        read(channel.stderr),
        channel.exit,
      ]);
      const [group, pid] = stdout.trim().split('\n');
      expect(group).toBe(pid);
      expect(stderr).toBe('');
      expect(exit).toEqual({ kind: 'exited', exitCode: 137 });
    });

    test('the exit comes after the output, and before a background process is done with it', async () => {
      const { channel } = await open('exec 3<&0; (read -r _ <&3; echo late) & printf early');
      let output = '';
      channel.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      channel.stderr.resume();
      expect(await channel.exit).toEqual({ kind: 'exited', exitCode: 0 });
      expect(output).toBe('early');
      channel.stdin.end('go on\n');
      await new Promise((resolve) => channel.stdout.once('end', resolve));
      expect(output).toBe('earlylate\n');
    });

    test.skipIf(process.platform !== 'linux')(
      'a client that is stopped is not left behind by who speaks the last words for us',
      async () => {
        const { channel } = await open('echo $PPID; read -r _', undefined, 'farewell');
        const [line] = (await once(channel.stdout, 'data')) as [Buffer];
        const client = Number(line.toString());
        process.kill(client, 'SIGSTOP');
        channel.destroy();
        await expect.poll(() => existsSync(`/proc/${client}/cmdline`), { timeout: 20_000 }).toBe(false);
      },
    );

    test('the end of a client is told, too, when nobody has read what its command wrote', async () => {
      const { channel } = await open('echo unread; kill -9 $PPID');
      expect(await channel.exit).toMatchObject({ kind: 'lost' });
      expect(await read(channel.stdout)).toBe('unread\n');
    });

    test('a client whose end comes before the command’s asks what that means', async () => {
      const { channel, end } = await open('kill -9 $PPID');
      channel.stdin.end();
      channel.stdout.resume();
      channel.stderr.resume();
      expect(await channel.exit).toMatchObject({ kind: 'lost' });
      expect(end()).toEqual({ exitCode: null, signal: 'SIGKILL' });
    });
  });
});

test('what a client says instead of starting is in the error', async () => {
  const opening = openClientChannel({
    argv: ['sh', '-c', 'echo "no such machine" >&2; exit 4'],
    request: { argv: ['true'], environment: {} },
    startTimeoutMs: 20_000,
    explainEnd: async () => ({ kind: 'exited', exitCode: null }),
  });
  await expect(opening).rejects.toMatchObject({ reason: 'ended', text: 'no such machine', exitCode: 4 });
});

test('a client that is missing, and one that does not answer, are told apart', async () => {
  const open = (argv: readonly string[]) =>
    openClientChannel({
      argv,
      request: { argv: ['true'], environment: {} },
      startTimeoutMs: 100,
      explainEnd: async () => ({ kind: 'exited', exitCode: null }),
    });
  await expect(open(['/no/such/client'])).rejects.toMatchObject({ reason: 'missing' });
  await expect(open(['sleep', '1000'])).rejects.toMatchObject({ reason: 'silent' });
});

test.each([
  ['merges the streams', 'exec "$@" 2>&1'],
  ['has a terminal in between', '"$@" 2>&1 | while IFS= read -r line; do printf "%s\\r\\n" "$line"; done'],
])('a client that %s is told at once', async (_, script) => {
  const opening = openClientChannel({
    argv: ['sh', '-c', script, 'sh', 'sh', '-c', readerText],
    request: { argv: ['cat'], environment: {} },
    startTimeoutMs: 20_000,
    explainEnd: async () => ({ kind: 'exited', exitCode: null }),
  });
  await expect(opening).rejects.toMatchObject({ reason: 'merged' });
});
