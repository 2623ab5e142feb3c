import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile, link } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Header, pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { guardArchive } from '../../../../src/computer/archive/archive-guard.js';
import type { TreeLimits } from '../../../../src/computer/archive/tree-limits.js';

type Entry = Partial<Header> & { name: string; content?: string };

async function archiveOf(...entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content, ...header } of entries) {
    if (content === undefined && header.type !== undefined) archive.entry(header);
    else archive.entry(header, content ?? '');
  }
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* inPieces(bytes: Buffer, size: number) {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}

async function guarded(archive: Buffer, limits: TreeLimits = {}, size = 700): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of guardArchive(inPieces(archive, size), '/target', limits)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const long = 'long-'.repeat(40);

describe('the guard of an archive refuses', () => {
  const hostile: Record<string, readonly Entry[]> = {
    'a name that goes up': [{ name: '../outside', content: 'x' }],
    'a name that goes up on its way': [{ name: 'a/../../outside', content: 'x' }],
    'a long name that goes up': [{ name: `${long}/../../outside`, content: 'x' }],
    'an absolute name': [{ name: '/tmp/swelancer-outside', content: 'x' }],
    'a directory that goes up': [{ name: '../outside/', type: 'directory' }],
    'a file written through a link': [
      { name: 'a', type: 'symlink', linkname: '/tmp' },
      { name: './a//x', content: 'x' },
    ],
    'a file written through a hard link to a link': [
      { name: 'a', type: 'symlink', linkname: '/tmp' },
      { name: 'b', type: 'link', linkname: 'a' },
      { name: 'b/x', content: 'x' },
    ],
    'a link that turns into a directory': [
      { name: 'a', type: 'symlink', linkname: '/tmp' },
      { name: 'a', type: 'directory' },
    ],
    'a hard link to a file outside': [{ name: 'a', type: 'link', linkname: '/etc/passwd' }],
    'a hard link that goes up': [{ name: 'a', type: 'link', linkname: `../${long}` }],
    'a pipe': [{ name: 'a', type: 'fifo' }],
    'a device': [{ name: 'a', type: 'block-device', devmajor: 8, devminor: 0 }],
    'a sparse file, whose name is elsewhere': [
      { name: 'a', pax: { 'GNU.sparse.major': '1', 'GNU.sparse.name': '../outside' }, content: 'x' },
    ],
  };
  for (const [name, entries] of Object.entries(hostile)) {
    test(name, async () => {
      const archive = await archiveOf({ name: 'ok', content: 'ok' }, ...entries);
      for (const size of [1, 700, archive.length]) {
        const refused = { code: 'remote_file', reason: 'unsafe_archive' };
        await expect(guarded(archive, {}, size), `in pieces of ${size}`).rejects.toMatchObject(refused);
      }
    });
  }

  test('one that is cut off, damaged, or goes on after its end', async () => {
    const whole = await archiveOf({ name: 'a', content: 'x'.repeat(2000) });
    const damaged = Buffer.from(whole).fill('y', 5, 6);
    const another = await archiveOf({ name: '../a', content: 'x' });
    for (const archive of [
      ...[0, 100, 700, whole.length - 1024].map((length) => whole.subarray(0, length)),
      damaged,
      Buffer.alloc(2048, 'x'),
      Buffer.concat([whole, another]),
    ]) {
      await expect(guarded(archive)).rejects.toMatchObject({ reason: 'unsafe_archive' });
    }
  });

  test('more bytes or entries than allowed, by what its headers say', async () => {
    const archive = await archiveOf({ name: 'a', content: '12345' }, { name: 'b', content: '12345' });
    await expect(guarded(archive, { maxBytes: 9 })).rejects.toMatchObject({ reason: 'too_large' });
    await expect(guarded(archive, { maxEntries: 1 })).rejects.toMatchObject({ reason: 'too_large' });
    expect(await guarded(archive, { maxBytes: 10, maxEntries: 2 })).toEqual(archive);
  });
});

test.each(['gnu', 'pax', 'ustar', 'v7'])(
  'an honest archive of tar --format=%s passes byte for byte',
  async (format) => {
    const folder = await mkdtemp(join(tmpdir(), 'swelancer-guard-'));
    try {
      await mkdir(join(folder, 'a', 'empty'), { recursive: true });
      await writeFile(join(folder, 'a', 'file'), 'x'.repeat(5000));
      await link(join(folder, 'a', 'file'), join(folder, 'hard'));
      await symlink('/etc/passwd', join(folder, 'away'));
      if (format !== 'v7' && format !== 'ustar') {
        const deep = join(folder, 'deep-'.repeat(30), 'deeper-'.repeat(30));
        await mkdir(deep, { recursive: true });
        await writeFile(join(deep, `日本語 ${'name-'.repeat(20)}`), 'deep');
        await symlink(`../${'target-'.repeat(30)}`, join(deep, 'link'));
      }
      const archive = execFileSync('tar', [`--format=${format}`, '-cf', '-', '-C', folder, '.']);
      for (const size of [1, 511, 100_000]) {
        expect((await guarded(archive, {}, size)).equals(archive), `in pieces of ${size}`).toBe(true);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
