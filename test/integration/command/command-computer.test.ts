import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type CommandTimeoutError,
  type ComputerInterface,
  extractTree,
  packTree,
} from '../../../src/computer/index.js';
import { commandComputer } from '../../../src/computer/command/index.js';
import { processesWith, uniqueSeconds } from '../ssh/remote-processes.js';
import { type Place, places } from './places.js';

describe.each(places)('a computer through $name', ({ missing, create }) => {
  describe.skipIf(missing)('a place that is there', () => {
    let place: Place;
    let computer: ComputerInterface;
    const folder = `/tmp/swelancer-command-${process.pid}`;

    beforeAll(async () => {
      place = await create();
      computer = await commandComputer({
        prefix: place.prefix,
        workingDirectory: `${folder}/work`,
        environment: { GREETING: "it's me", PATH: '/usr/bin:/bin' },
      });
      const lacking = { code: 'command_spawn', reason: 'working_directory' };
      await expect(computer.sendShellCommand('pwd')).rejects.toMatchObject(lacking);
      await computer.checkShellCommand(`mkdir -p ${folder}/work`, { cwd: '/' });
    });
    afterAll(async () => {
      await computer.sendShellCommand(`rm -rf ${folder}`, { cwd: '/' });
      await computer.cleanup();
      await place.remove();
    });

    test('commands have streams, exit codes, a working directory, an environment and input', async () => {
      const command = 'pwd; echo "$GREETING" >&2; cat; exit 7';
      const result = await computer.sendShellCommand(command, { stdin: 'input' });
      expect(result).toMatchObject({ exitCode: 7, stdout: `${folder}/work\ninput`, stderr: "it's me\n" });
    });

    test.each([1, 126, 137, 255])('exit code %i is the command’s own', async (exitCode) => {
      const result = await computer.sendShellCommand(`exit ${exitCode}`);
      expect(result).toMatchObject({ exitCode, stdout: '', stderr: '' });
    });

    test('what kills the shells around a command leaves the computer well', async () => {
      expect(await computer.sendShellCommand('kill -9 $PPID; sleep 0.1')).toMatchObject({ exitCode: null });
      expect((await computer.sendShellCommand('echo well')).stdout).toBe('well\n');
    });

    test('a command that stops the shell that waits for it is seen to its end', async () => {
      const command = 'kill -STOP $PPID; echo on; exit 4';
      for (const options of [{ stdin: 'input' }, { durable: true }]) {
        const result = await computer.sendShellCommand(command, options);
        expect(result).toMatchObject({ exitCode: 4, stdout: 'on\n' });
      }
    });

    test('a shell that a command has stopped ends with it at its deadline', async () => {
      for (const options of [{ stdin: 'input' }, { durable: true }]) {
        let pid = 0;
        const running = computer.sendShellCommand('echo $PPID; kill -STOP $PPID; sleep 300', {
          ...options,
          timeoutMs: 1500,
          killGraceMs: 0,
        });
        await expect(running).rejects.toMatchObject({
          code: 'command_timeout',
          partial: { stdout: expect.stringMatching(/^\d+\n$/) as string },
        });
        await running.catch((error: unknown) => {
          pid = Number((error as CommandTimeoutError).partial.stdout);
        });
        await expect
          .poll(
            async () =>
              (
                await computer.sendShellCommand(
                  `kill -0 ${pid} && ! grep -q '^State:.Z' /proc/${pid}/status || echo gone`,
                )
              ).stdout,
          )
          .toContain('gone');
      }
    });

    test('a deadline ends the tree, though the client’s end would not', async () => {
      const seconds = uniqueSeconds();
      const running = computer.sendShellCommand(
        `sleep ${seconds} & setsid sleep ${seconds} & sleep ${seconds}`,
        {
          timeoutMs: 3000,
          killGraceMs: 0,
        },
      );
      await expect(running).rejects.toMatchObject({
        code: 'command_timeout',
        kill: { outcome: 'confirmed', survivors: 0 },
      });
      expect(processesWith(`sleep ${seconds}`)).toEqual([]);
    });

    test('files and trees go there and back', async () => {
      const content = randomBytes(3_000_000);
      await computer.upload(content, `${folder}/a b/ü.bin`, { mode: 0o750 });
      expect(Buffer.from(await computer.download(`${folder}/a b/ü.bin`)).equals(content)).toBe(true);
      const { stdout } = await computer.sendShellCommand(`ls -l '${folder}/a b/ü.bin'`);
      expect(stdout).toMatch(/^-rwxr-x---/);
      await expect(computer.download(`${folder}/missing`)).rejects.toMatchObject({ reason: 'not_found' });
      await computer.upload(new Uint8Array(), `${folder}/empty`);
      expect((await computer.download(`${folder}/empty`)).length).toBe(0);
      // The kernel makes it up anew for each reader, and says that it has no bytes.
      const status = Buffer.from(await computer.download('/proc/self/status')).toString();
      expect(status).toMatch(/^Name:\t.*\n[^]+\n$/);

      const local = await mkdtemp(join(tmpdir(), 'swelancer-tree-'));
      await writeFile(join(local, 'tool'), 'x', { mode: 0o755 });
      await symlink('tool', join(local, 'link'));
      await computer.uploadTree?.(packTree(local), `${folder}/tree`);
      const listing = await computer.sendShellCommand(
        `cat ${folder}/tree/link; [ -x ${folder}/tree/tool ] && echo +`,
      );
      expect(listing.stdout).toBe('x+\n');
      await extractTree(computer.downloadTree!(`${folder}/tree`), join(local, 'back'));
      await rm(local, { recursive: true });
    });

    test('an upload replaces a link, wherever it leads', async () => {
      await computer.checkShellCommand(`mkdir -p ${folder}/links; cd ${folder}/links; echo old >behind
        ln -s behind link; ln -s nowhere dangling; ln -s ${folder}/links/nowhere absolute`);
      for (const name of ['link', 'dangling', 'absolute'])
        await computer.upload(Buffer.from(name), `${folder}/links/${name}`);
      const listing = `cd ${folder}/links; ls -A | tr '\\n' ' '; cat absolute behind dangling link; find . -type l`;
      const { stdout } = await computer.sendShellCommand(listing);
      expect(stdout).toBe('absolute behind dangling link absoluteold\ndanglinglink');
    });

    test('eight commands at once each get their own output', async () => {
      const numbers = Array.from({ length: 8 }, (_, index) => index);
      const results = await Promise.all(numbers.map((number) => computer.sendShellCommand(`echo ${number}`)));
      expect(results.map(({ stdout }) => Number(stdout))).toEqual(numbers);
    });

    test('another user runs commands where there is a su', async ({ skip }) => {
      if ((await computer.sendShellCommand('command -v su')).exitCode !== 0) skip('no su here');
      const { stdout } = await computer.sendShellCommand('id -u', { user: 'nobody', cwd: '/' });
      expect(stdout).toBe('65534\n');
      await expect(computer.sendShellCommand('id', { user: 'no-such-user' })).rejects.toMatchObject({
        reason: 'user',
      });
    });
  });
});

test.skipIf(process.platform !== 'linux')(
  'a user who does not exist is no reason to go without lanes',
  async () => {
    const degraded: string[] = [];
    const computer = await commandComputer({
      prefix: ['env'],
      onDegraded: (reason) => degraded.push(reason),
    });
    try {
      const unknown = computer.sendShellCommand('id', { user: 'no-such-user' });
      await expect(unknown).rejects.toMatchObject({ code: 'command_spawn', reason: 'user' });
      expect(degraded).toEqual([]);
    } finally {
      await computer.cleanup();
    }
  },
);
