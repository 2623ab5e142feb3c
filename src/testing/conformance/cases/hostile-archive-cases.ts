import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Header, pack } from 'tar-stream';
import { shellQuote } from '../../../computer/shell-quote.js';
import { expectEqual, expectRejection } from '../assertions.js';
import type { CaseDefinition } from '../case-definition.js';
import { withLocalFolder } from '../local-folder.js';

const timeoutMs = 60_000;

type Entry = Partial<Header> & { readonly name: string; readonly content?: string };

async function archiveOf(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content, ...header } of entries) {
    if (content === undefined) archive.entry(header);
    else archive.entry(header, content);
  }
  archive.finalize();
  const chunks: Uint8Array[] = [];
  // Bytes: no encoding is set on the stream.
  for await (const chunk of archive as unknown as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** By what they try, archives that reach for `folder` when they are unpacked in `folder/tree/inner`. */
function reachingOut(folder: string): Readonly<Record<string, readonly Entry[]>> {
  return {
    'a name that goes up': [{ name: '../../escaped', content: 'x' }],
    'an absolute name': [{ name: `${folder}/escaped`, content: 'x' }],
    'a file written through a link': [
      { name: 'out', type: 'symlink', linkname: folder },
      { name: 'out/escaped', content: 'x' },
    ],
    'a hard link to a file outside, and its new content': [
      { name: 'taken', type: 'link', linkname: `${folder}/secret` },
      { name: 'taken', content: 'x' },
    ],
  };
}

const unwelcome: Readonly<Record<string, readonly Entry[]>> = {
  'a device': [{ name: 'device', type: 'character-device', devmajor: 1, devminor: 5, mode: 0o666 }],
  'a pipe': [{ name: 'pipe', type: 'fifo', mode: 0o666 }],
};

export const hostileArchiveCases: readonly CaseDefinition[] = [
  {
    id: 'trees/hostile',
    level: 2,
    title: 'a tree with a link that leads out, or with a pipe, leaves nothing of them here',
    requires: ['trees'],
    body: async ({ computer, run, path }) =>
      withLocalFolder(async (folder) => {
        await run('mkdir out pipe; ln -s /etc/passwd out/link; mkfifo pipe/fifo', {
          cwd: path('out').slice(0, -'/out'.length),
        });
        const fields = { code: 'remote_file', reason: 'unsafe_archive' };
        const out = computer.downloadTreeTo(path('out'), join(folder, 'out'), { timeoutMs });
        await expectRejection('The download of the link', out, fields);
        const pipe = join(folder, 'pipe');
        // A computer that packs files and links only has left it out already.
        const download = computer.downloadTreeTo(path('pipe'), pipe, { timeoutMs });
        if ((await download.catch(() => 'refused')) !== 'refused') {
          expectEqual('What arrived of the pipe', await readdir(pipe), []);
          await rm(pipe, { recursive: true });
        }
        expectEqual('The local folder', await readdir(folder), []);
      }),
  },
  {
    id: 'trees/hostile-upload',
    level: 2,
    title:
      'a stream that reaches out of its directory, or brings a device or a pipe, is refused and changes nothing else',
    requires: ['trees'],
    body: async ({ computer, implementation, run, path }) => {
      const inner = path('tree/inner');
      const folder = inner.slice(0, -'/tree/inner'.length);
      path('secret');
      const look = `cat secret; ls -d escaped 2>/dev/null; rm -rf escaped tree; mkdir -p tree; true`;
      await run('printf kept >secret; mkdir tree', { cwd: folder });
      for (const [what, entries] of Object.entries({ ...reachingOut(folder), ...unwelcome })) {
        const archive = await archiveOf([{ name: 'before', content: 'x' }, ...entries]);
        const upload = computer.uploadTree(once(archive), inner, { timeoutMs });
        const refused = { code: 'remote_file', reason: 'unsafe_archive' };
        await expectRejection(`The upload of ${what}`, upload, refused);
        const { stdout } = await run(`ls -d tree/inner/device tree/inner/pipe 2>/dev/null; ${look}`, {
          cwd: folder,
        });
        expectEqual(`What is there after ${what}`, stdout, 'kept');
      }
      if (implementation.uploadTree === undefined) return;
      // Whoever uses it without the facade has no such guard, and may take what stays inside.
      for (const [what, entries] of Object.entries(reachingOut(folder))) {
        const archive = await archiveOf([{ name: 'before', content: 'x' }, ...entries]);
        await implementation.uploadTree(once(archive), inner, { timeoutMs }).catch(() => undefined);
        const { stdout } = await run(look, { cwd: folder });
        expectEqual(`What is there after ${what}, without the facade`, stdout, 'kept');
      }
    },
  },
  {
    id: 'trees/bombs',
    level: 2,
    title: 'archives that hold, or promise, more than the limits are refused both ways',
    requires: ['trees'],
    body: async ({ computer, run, path }) =>
      withLocalFolder(async (folder) => {
        const tooLarge = { code: 'remote_file', reason: 'too_large' };
        const tree = shellQuote(path('tree'));
        await run(
          `mkdir ${tree} && cd ${tree} && head -c 300000 /dev/zero >big; for n in 1 2 3 4 5; do : >$n; done`,
        );
        for (const limits of [{ maxBytes: 200_000 }, { maxEntries: 4 }]) {
          const download = computer.downloadTreeTo(path('tree'), join(folder, 'to'), {
            timeoutMs,
            ...limits,
          });
          await expectRejection('The download', download, tooLarge);
        }
        expectEqual('The local folder', await readdir(folder), []);
        const promise = await archiveOf([{ name: 'small', content: 'x' }]);
        // The size of the entry, in octal digits, and the sum of its header's bytes with it.
        promise.write('77777777777', 124, 'latin1');
        promise.fill(' ', 148, 156);
        const sum = promise.subarray(0, 512).reduce((total, byte) => total + byte, 0);
        promise.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
        const upload = computer.uploadTree(once(promise), path('promised'), { timeoutMs });
        await expectRejection('The upload of an entry of 8 GiB', upload, tooLarge);
        const many = await archiveOf(
          Array.from({ length: 200 }, (_, index) => ({ name: `${index}`, content: '' })),
        );
        const second = computer.uploadTree(once(many), path('many'), { timeoutMs, maxEntries: 100 });
        await expectRejection('The upload of 200 entries', second, tooLarge);
      }),
  },
];
