import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { type Extract, extract, pack } from 'tar-stream';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Computer } from '../../../src/computer/computer.js';
import type { ComputerInterface } from '../../../src/computer/computer-interface.js';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { describeDocker, expectNothingLeft, testRequest } from '../../fixtures/docker.js';
import { engineLink } from '../../fixtures/engine-link.js';

const mark = randomUUID();
const labels = { 'swelancer.test': mark };
const emit = () => undefined;
const mebibyte = 1024 * 1024;

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function sumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function namesIn(archive: AsyncIterable<Uint8Array> | undefined) {
  if (archive === undefined) throw new Error('The computer has no downloadTree.');
  const entries: Extract = extract();
  const found: Record<string, string> = {};
  const reading = (async () => {
    for await (const entry of entries) {
      const content = (await buffer(entry)).toString();
      found[entry.header.name] = entry.header.type === 'symlink' ? entry.header.linkname : content;
    }
  })();
  for await (const chunk of archive) entries.write(chunk);
  entries.end(undefined);
  await reading;
  return found;
}

describeDocker('file transfer with a container', () => {
  expectNothingLeft(`swelancer.test=${mark}`);
  let computer: ComputerInterface;
  beforeAll(async () => {
    computer = await dockerRuntime({ labels }).start(testRequest(), { emit });
  });
  afterAll(async () => {
    await computer.cleanup();
  });
  const run = async (command: string) => (await computer.sendShellCommand(command)).stdout;

  test('brings bytes there and back through folders that did not exist', async () => {
    const bytes = randomBytes(3 * mebibyte + 1);
    await computer.upload(bytes, "/new/fol der/with 'quotes'/file");
    expect(Buffer.from(await computer.download("/new/fol der/with 'quotes'/file")).equals(bytes)).toBe(true);
    expect(await run(`ls -A "/new/fol der/with 'quotes'"`)).toBe('file\n');
  });

  test('takes a local path, a file URL and a stream, and keeps or sets the mode', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'swelancer-upload-'));
    try {
      const path = join(folder, 'script.sh');
      writeFileSync(path, 'echo hi', { mode: 0o750 });
      await computer.upload(path, '/up/path');
      await computer.upload(pathToFileURL(path), '/up/url', { mode: 0o600 });
      const stream = (async function* () {
        yield text('piece by ');
        yield text('piece');
      })();
      await computer.upload(stream, '/up/stream', { mode: 0o640 });
      await computer.upload(text('closed'), '/up/closed', { mode: 0 });
      expect(await run('cd /up; stat -c "%n %a" path url stream closed; cat stream')).toBe(
        'path 750\nurl 600\nstream 640\nclosed 0\npiece by piece',
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('keeps every byte of files of every size, several trees at once, whose memory is used again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'swelancer-large-'));
    try {
      const names = ['one', 'two', `${'long name '.repeat(20)}three`];
      const sizes = [20 * mebibyte + 1, 1, 511, mebibyte, 300_000, 65_536, 65_537, 3 * mebibyte - 512];
      const files = names.flatMap((name) => sizes.map((size, index) => ({ path: `${name}/${index}`, size })));
      const sums = files.map(({ path, size }) => {
        const bytes = randomBytes(size);
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), bytes);
        return sumOf(bytes);
      });
      await Promise.all(files.map(async ({ path }) => computer.upload(join(folder, path), `/large/${path}`)));
      const list = files.map(({ path }) => `'${path}'`).join(' ');
      expect((await run(`cd /large; sha256sum ${list} | cut -d " " -f 1`)).trim().split('\n')).toEqual(sums);

      const facade = Computer.from(computer);
      await Promise.all(
        names.map(async (name) => facade.downloadTreeTo(`/large/${name}`, join(folder, 'again', name))),
      );
      expect(files.map(({ path }) => sumOf(readFileSync(join(folder, 'again', path))))).toEqual(sums);
      const read = await Promise.all(files.map(async ({ path }) => computer.download(`/large/${path}`)));
      expect(read.map((bytes) => sumOf(bytes))).toEqual(sums);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('does not take a tree for whole whose link broke', async () => {
    await using link = await engineLink();
    const distant = await dockerRuntime({ labels, host: link.host }).start(testRequest(), { emit });
    try {
      await distant.sendShellCommand('mkdir /tree; head -c 30000000 /dev/urandom >/tree/file');
      const tree = distant.downloadTree?.('/tree', { reusesMemory: true }) ?? [];
      const read = (async () => {
        for await (const piece of tree) if (piece.length > 0) link.cut();
      })();
      // Without its link to us the container may end, which is noticed or not.
      const code = expect.stringMatching(/^(remote_file|computer_lost)$/) as string;
      await expect(read).rejects.toMatchObject({ code });
    } finally {
      await distant.cleanup();
    }
  });

  test('holds for empty files and for file systems that exist inside only', async () => {
    await computer.upload(new Uint8Array(), '/inside/empty');
    expect((await computer.download('/inside/empty')).length).toBe(0);
    await computer.upload(text('in memory'), '/dev/shm/folder/file');
    expect(await run('cat /dev/shm/folder/file')).toBe('in memory');
    expect(Buffer.from(await computer.download('/dev/shm/folder/file')).toString()).toBe('in memory');
    expect(Buffer.from(await computer.download('/proc/1/comm')).toString()).toBe('docker-init\n');
  });

  test('follows links when it reads, relative ones and chains too', async () => {
    await run(
      'mkdir -p /links/real; echo target > /links/real/file; cd /links; ln -s real dir; ln -s dir/file one; ln -s /links/one two',
    );
    for (const path of ['/links/two', '/links/one', '/links/dir/file']) {
      expect(Buffer.from(await computer.download(path)).toString()).toBe('target\n');
    }
    await run('ln -s loop /links/loop');
    await expect(computer.download('/links/loop')).rejects.toMatchObject({ code: 'remote_file' });
  });

  test('replaces links when it writes', async () => {
    await run('mkdir /linked; cd /linked; echo old > behind; ln -s behind link; ln -s nowhere dangling');
    for (const name of ['link', 'dangling']) await computer.upload(text(name), `/linked/${name}`);
    expect(await run('cd /linked; ls -A | tr "\\n" " "; cat behind dangling link; find . -type l')).toBe(
      'behind dangling link old\ndanglinglink',
    );
  });

  test.each([
    ['/inside/absent', 'not_found'],
    ['/inside', 'is_directory'],
    ['/etc/passwd/x', 'not_a_directory'],
  ])('refuses to read %s: %s', async (path, reason) => {
    await expect(computer.download(path)).rejects.toMatchObject({ code: 'remote_file', reason, path });
  });

  test('refuses what is larger than allowed, also where only reading tells', async () => {
    await run('head -c 2000 /dev/zero > /inside/large');
    await expect(computer.download('/inside/large', { maxBytes: 1999 })).rejects.toMatchObject({
      reason: 'too_large',
    });
    await expect(computer.download('/inside/large', { maxBytes: 2000 })).resolves.toHaveLength(2000);
    await expect(computer.download('/dev/zero', { maxBytes: 2000 })).rejects.toMatchObject({
      reason: 'too_large',
    });
  });

  test.each([
    ['/inside', 'is_directory'],
    ['/etc/passwd/x', 'not_a_directory'],
    ['relative', 'other'],
  ])('refuses to write %s: %s', async (path, reason) => {
    await expect(computer.upload(text('x'), path)).rejects.toMatchObject({ code: 'remote_file', reason });
    expect(await run('find / -xdev -name ".swelancer-*"')).toBe('');
  });

  test('leaves the target as it was when the source fails or the caller gives up', async () => {
    await computer.upload(text('before'), '/inside/kept');
    const failing = (async function* () {
      yield text('half');
      await Promise.resolve();
      throw new Error('the source broke');
    })();
    await expect(computer.upload(failing, '/inside/kept')).rejects.toThrow('the source broke');
    const controller = new AbortController();
    const endless = (async function* () {
      for (;;) {
        yield new Uint8Array(64 * 1024);
        setImmediate(() => controller.abort());
      }
    })();
    const aborted = computer.upload(endless, '/inside/kept', { signal: controller.signal });
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
    await expect(computer.upload('/no/such/local/file', '/inside/kept')).rejects.toThrow(/no such file/i);
    expect(await run('cat /inside/kept; ls -A /inside | grep swelancer-')).toBe('before');
  });

  test('refuses a tree with a link that leads out of it as unsafe', async () => {
    const archive = pack();
    archive.entry({ name: 'link', type: 'symlink', linkname: '../beside' });
    archive.finalize();
    const upload = computer.uploadTree?.(archive as unknown as AsyncIterable<Uint8Array>, '/tree/out');
    await expect(upload).rejects.toMatchObject({ code: 'remote_file', reason: 'unsafe_archive' });
  });

  test('carries trees both ways with modes, links and empty folders', async () => {
    const archive = pack();
    archive.entry({ name: 'a', type: 'directory', mode: 0o700 });
    archive.entry({ name: 'a/script', mode: 0o755 }, 'run me');
    archive.entry({ name: 'a/link', type: 'symlink', linkname: '../b' });
    archive.entry({ name: 'empty', type: 'directory' });
    archive.finalize();
    await computer.uploadTree?.(archive as unknown as AsyncIterable<Uint8Array>, '/tree/deep');
    expect(await run('cd /tree/deep; stat -c "%n %a" a a/script; readlink a/link; ls')).toBe(
      'a 700\na/script 755\n../b\na\nempty\n',
    );
    await run('ln -s /tree/deep /tree-link');
    const found = await namesIn(computer.downloadTree?.('/tree-link'));
    expect(found).toMatchObject({ './a/script': 'run me', './a/link': '../b', './empty/': '' });
    await expect(namesIn(computer.downloadTree?.('/nowhere'))).rejects.toMatchObject({
      reason: 'not_found',
    });
    await expect(namesIn(computer.downloadTree?.('/etc/passwd'))).rejects.toMatchObject({
      reason: 'not_a_directory',
    });
  });

  test('takes a tree to a file system that exists inside only', async () => {
    const archive = pack();
    archive.entry({ name: 'file' }, 'content');
    archive.finalize();
    await computer.uploadTree?.(archive as unknown as AsyncIterable<Uint8Array>, '/dev/shm/tree');
    expect(await run('cat /dev/shm/tree/file')).toBe('content');
  });

  test('takes a tree to where such a file system begins, and refuses to bring what is hidden there', async () => {
    const archive = pack();
    archive.entry({ name: 'file' }, 'content');
    archive.finalize();
    await computer.uploadTree?.(archive as unknown as AsyncIterable<Uint8Array>, '/dev/shm');
    expect(await run('cat /dev/shm/file')).toBe('content');
    for (const place of ['/dev/shm', '/proc']) {
      await expect(namesIn(computer.downloadTree?.(place))).rejects.toThrow(/mounted inside only/);
    }
    // Nothing of a file is written where nobody sees it, in the container's own files.
    await computer.upload(text('in memory'), '/dev/shm/again');
    const hidden = await execa('docker', ['cp', `${computer.id}:/dev/shm`, '-'], { encoding: 'buffer' });
    const names = await namesIn([hidden.stdout] as unknown as AsyncIterable<Uint8Array>);
    expect(Object.keys(names).filter((name) => name.includes('.swelancer-'))).toEqual([]);
  });

  test('sees what exists inside only by way of a link, too', async () => {
    await run('ln -s /dev/shm /memory; mkdir -p /dev/shm/folder; echo inside >/dev/shm/same');
    const hiding = await execa('docker', ['cp', '-', `${computer.id}:/dev/shm`], {
      input: (
        await execa('tar', ['-C', '/etc', '-c', '-f', '-', '--transform=s/.*/same/', 'hostname'], {
          encoding: 'buffer',
        })
      ).stdout,
      reject: false,
    });
    expect(hiding.stderr).toBe('');
    expect(Buffer.from(await computer.download('/memory/same')).toString()).toBe('inside\n');
    for (const place of ['/memory/folder', '/dev/shm/folder']) {
      await expect(namesIn(computer.downloadTree?.(place))).rejects.toThrow(/mounted inside only/);
    }
    const archive = pack();
    archive.entry({ name: 'file' }, 'content');
    archive.finalize();
    await computer.uploadTree?.(archive as unknown as AsyncIterable<Uint8Array>, '/memory/folder');
    expect(await run('cat /dev/shm/folder/file')).toBe('content');
    await computer.upload(text('by a link'), '/memory/linked');
    expect(await run('cat /dev/shm/linked')).toBe('by a link');
    const hidden = await execa('docker', ['cp', `${computer.id}:/dev/shm`, '-'], { encoding: 'buffer' });
    expect(Object.keys(await namesIn([hidden.stdout] as unknown as AsyncIterable<Uint8Array>))).toEqual(
      expect.not.arrayContaining([expect.stringContaining('.swelancer-')]),
    );
  });

  test('is refused where a part of the tree belongs to what exists inside only', async () => {
    const archive = pack();
    archive.entry({ name: 'above/file' }, 'content');
    archive.entry({ name: 'dev/shm/deep/file' }, 'content');
    archive.finalize();
    const upload = computer.uploadTree?.(archive as unknown as AsyncIterable<Uint8Array>, '/');
    await expect(upload).rejects.toThrow(/\/dev\/shm in it is mounted inside only|\/dev in it is mounted/);
  });

  test('brings what a container at its limit of processes has written', async () => {
    const full = await dockerRuntime({ labels, resources: { processes: 30 } }).start(testRequest(), { emit });
    try {
      await full.sendShellCommand('mkdir /logs; echo why >/logs/file');
      const filling = full.sendShellCommand('while sleep 600 & do :; done; touch /logs/full; wait', {
        timeoutMs: 60_000,
      });
      filling.catch(() => undefined);
      await expect
        .poll(
          async () => (await execa('docker', ['top', full.id ?? '', '-o', 'pid'])).stdout.split('\n').length,
        )
        .toBeGreaterThan(29);
      expect(Buffer.from(await full.download('/logs/file')).toString()).toBe('why\n');
      expect(await namesIn(full.downloadTree?.('/logs'))).toMatchObject({ './file': 'why\n' });
    } finally {
      await full.cleanup();
    }
  });

  test('is not ended by another that is aborted', async () => {
    const fresh = await dockerRuntime({ labels }).start(testRequest(), { emit });
    try {
      const controller = new AbortController();
      const aborted = fresh.download('/etc/passwd', { signal: controller.signal });
      const other = fresh.download('/etc/hostname');
      controller.abort();
      await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
      expect((await other).length).toBeGreaterThan(0);
    } finally {
      await fresh.cleanup();
    }
  });

  test('moves 300 MiB both ways in flat memory', async () => {
    const size = 300 * mebibyte;
    const folder = mkdtempSync(join(tmpdir(), 'swelancer-upload-'));
    try {
      writeFileSync(join(folder, 'large'), '');
      truncateSync(join(folder, 'large'), size);
      const before = process.memoryUsage.rss();
      await computer.upload(join(folder, 'large'), '/inside/tree/large');
      expect(await run('stat -c %s /inside/tree/large')).toBe(`${size}\n`);
      let received = 0;
      for await (const chunk of computer.downloadTree?.('/inside/tree') ?? []) received += chunk.length;
      expect(received).toBeGreaterThan(size);
      expect(process.memoryUsage.rss() - before).toBeLessThan(150 * mebibyte);
    } finally {
      rmSync(folder, { recursive: true });
      await run('rm -rf /inside/tree');
    }
  });

  test('says so when there is no space left, and leaves nothing behind', async () => {
    const small = await dockerRuntime({ labels, resources: { sharedMemoryBytes: mebibyte } }).start(
      testRequest(),
      { emit },
    );
    try {
      await expect(small.upload(randomBytes(2 * mebibyte), '/dev/shm/large')).rejects.toMatchObject({
        code: 'remote_file',
        reason: 'no_space',
      });
      expect((await small.sendShellCommand('ls -A /dev/shm')).stdout).toBe('');
    } finally {
      await small.cleanup();
    }
  });
});
