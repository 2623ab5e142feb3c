import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ComputerInterface, packTree } from '../../../src/computer/index.js';
import { sshComputer } from '../../../src/computer/ssh/index.js';
import { describeSsh, type SshServer, startSshServer } from '../../fixtures/ssh-server.js';

const mebibyte = 1024 * 1024;

describeSsh('files over SSH', () => {
  let server: SshServer;
  let computer: ComputerInterface;
  let folder: string;

  beforeAll(async () => {
    server = await startSshServer();
    computer = await sshComputer({ ...server.options, entryCommand: false });
    // The server runs on this machine, so that its files can be looked at directly.
    folder = await mkdtemp(join(tmpdir(), 'swelancer-files-'));
  });

  afterAll(async () => {
    await computer.cleanup();
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test.each([0, 1, 64, 65, 66, 4096, 5 * mebibyte])('%i bytes make the round trip', async (size) => {
    const content = randomBytes(size);
    const path = join(folder, `size ${size}`, "it's ünï.bin");
    await computer.upload(content, path);
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(Buffer.from(await computer.download(path)).equals(content)).toBe(true);
  });

  test('a file that the kernel makes up for each reader, and says has no bytes, comes whole', async () => {
    for (let count = 0; count < 5; count++) {
      const memory = Buffer.from(await computer.download('/proc/meminfo')).toString();
      expect(memory).toMatch(/^MemTotal: +\d+ kB\nMemFree: [^]+\n$/);
    }
    expect(Buffer.from(await computer.download('/proc/self/status')).toString()).toMatch(
      /^Name:\t.*\nUmask:/,
    );
    const limited = computer.download('/proc/meminfo', { maxBytes: 10 });
    await expect(limited).rejects.toMatchObject({ reason: 'too_large' });
  });

  test('the mode is the one asked for, else the local file’s own, else 0644', async () => {
    const local = join(folder, 'local.sh');
    await writeFile(local, 'echo hi');
    await chmod(local, 0o750);
    await computer.upload(local, join(folder, 'own'));
    await computer.upload(local, join(folder, 'asked'), { mode: 0o600 });
    await computer.upload(Buffer.from('x'), join(folder, 'default'));
    const modes = ['own', 'asked', 'default'].map((name) => statSync(join(folder, name)).mode & 0o777);
    expect(modes).toEqual([0o750, 0o600, 0o644]);
  });

  test('a symbolic link is read through, and replaced by an upload', async () => {
    await writeFile(join(folder, 'behind'), 'old');
    await symlink('behind', join(folder, 'link'));
    expect(Buffer.from(await computer.download(join(folder, 'link'))).toString()).toBe('old');
    await computer.upload(Buffer.from('new'), join(folder, 'link'));
    expect(readFileSync(join(folder, 'link'), 'utf8')).toBe('new');
    expect(readFileSync(join(folder, 'behind'), 'utf8')).toBe('old');
  });

  test('a source that fails leaves the target as it was, and nothing beside it', async () => {
    const target = join(folder, 'kept', 'file');
    await computer.upload(Buffer.from('old'), target);
    async function* failing() {
      yield Buffer.from('new, but not');
      throw new Error('the source broke');
    }
    await expect(computer.upload(failing(), target)).rejects.toThrow('the source broke');
    expect(readFileSync(target, 'utf8')).toBe('old');
    // The other side may still be at it.
    await expect.poll(() => readdirSync(join(folder, 'kept'))).toEqual(['file']);
  });

  test('an upload that is aborted while its source waits leaves the target as it was', async () => {
    const target = join(folder, 'aborted', 'file');
    await computer.upload(Buffer.from('old'), target);
    const controller = new AbortController();
    async function* waiting() {
      yield Buffer.from('some');
      controller.abort(new Error('enough'));
      await new Promise(() => undefined);
    }
    await expect(computer.upload(waiting(), target, { signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    expect(readFileSync(target, 'utf8')).toBe('old');
    await expect.poll(() => readdirSync(join(folder, 'aborted'))).toEqual(['file']);
  });

  test('a full disk is told, and the old file stays', async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    try {
      await computer.upload(Buffer.from('old'), join(disk, 'file'));
      await expect(computer.upload(Buffer.alloc(2 * mebibyte), join(disk, 'file'))).rejects.toMatchObject({
        code: 'remote_file',
        reason: 'no_space',
      });
      expect(readFileSync(join(disk, 'file'), 'utf8')).toBe('old');
      expect(readdirSync(disk)).toEqual(['file']);
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  test('what cannot be read or written is told by its reason', async () => {
    mkdirSync(join(folder, 'directory'), { recursive: true });
    await writeFile(join(folder, 'plain'), 'x');
    symlinkSync('nowhere', join(folder, 'dangling'));
    const reasons = await Promise.all(
      [
        computer.download(join(folder, 'missing')),
        computer.download(join(folder, 'dangling')),
        computer.download(join(folder, 'directory')),
        computer.download(join(folder, 'plain'), { maxBytes: 0 }),
        computer.upload(Buffer.from('x'), join(folder, 'directory')),
        computer.upload(Buffer.from('x'), join(folder, 'plain', 'below')),
        computer.uploadTree?.(packTree(join(folder, 'directory')), join(folder, 'plain')),
        (async () => {
          for await (const chunk of computer.downloadTree!(join(folder, 'missing')))
            expect(chunk).toBe('nothing');
        })(),
      ].map(async (call) => {
        try {
          await call;
          return 'no error';
        } catch (error) {
          return error instanceof Error && 'reason' in error ? error.reason : error;
        }
      }),
    );
    expect(reasons).toEqual([
      'not_found',
      'not_found',
      'is_directory',
      'too_large',
      'is_directory',
      'not_a_directory',
      'not_a_directory',
      'not_found',
    ]);
  });

  test('a tree makes the round trip with modes, links and empty folders', async () => {
    const local = join(folder, 'tree');
    await mkdir(join(local, 'empty'), { recursive: true });
    await mkdir(join(local, 'sub'));
    await writeFile(join(local, 'sub', 'tool'), randomBytes(100_000), { mode: 0o755 });
    await symlink('sub/tool', join(local, 'link'));
    await computer.uploadTree?.(packTree(local), join(folder, 'there', 'tree'));
    const back = join(folder, 'back');
    await computer.uploadTree?.(computer.downloadTree!(join(folder, 'there', 'tree')), back);
    execFileSync('diff', ['-r', '--no-dereference', local, back]);
    expect(statSync(join(back, 'sub', 'tool')).mode & 0o777).toBe(0o755);
    expect(existsSync(join(back, 'empty'))).toBe(true);
  });

  test('512 MiB go there and back in flat memory, bit by bit', async () => {
    const size = 512 * mebibyte;
    const block = randomBytes(mebibyte);
    const start = held();
    let highest = start;
    const sent = createHash('sha256');
    async function* content() {
      for (let bytes = 0; bytes < size; bytes += block.length) {
        sent.update(block);
        highest = Math.max(highest, held());
        yield block;
      }
    }
    const path = join(folder, 'large', 'file');
    await computer.upload(content(), path);
    expect(statSync(path).size).toBe(size);
    let received = 0;
    for await (const chunk of computer.downloadTree!(join(folder, 'large'))) {
      received += chunk.length;
      highest = Math.max(highest, held());
    }
    expect(received).toBeGreaterThan(size);
    const { stdout } = await computer.sendShellCommand(`sha256sum <${path}`);
    expect(stdout.split(' ')[0]).toBe(sent.digest('hex'));
    expect((highest - start) / mebibyte).toBeLessThan(96);
    await rm(path);
  });

  test('a link that breaks in the middle of an upload leaves the target as it was', async () => {
    const target = join(folder, 'broken', 'file');
    await computer.upload(Buffer.from('old'), target);
    async function* cut() {
      yield randomBytes(mebibyte);
      await expect.poll(() => readdirSync(join(folder, 'broken')).length, { timeout: 60_000 }).toBe(2);
      await server.kill();
      for (;;) yield randomBytes(mebibyte);
    }
    await expect(computer.upload(cut(), target)).rejects.toMatchObject({ code: 'computer_lost' });
    await server.restart();
    expect(readFileSync(target, 'utf8')).toBe('old');
    await expect.poll(() => readdirSync(join(folder, 'broken')), { timeout: 60_000 }).toEqual(['file']);
  });
});

/** Bytes that this process holds in its heap and in buffers. */
function held(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
