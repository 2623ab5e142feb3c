import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';
import { shellQuote } from '../../../computer/shell-quote.js';
import { expectEqual, expectRejection, expectThat } from '../assertions.js';
import type { CaseDefinition } from '../case-definition.js';
import { withLocalFolder } from '../local-folder.js';

async function* manyFiles(count: number): AsyncGenerator<Uint8Array> {
  const archive = pack();
  const filled = (async () => {
    for (let number = 0; number < count; number++) {
      const name = `folder-${number % 100}/file-${number}`;
      await new Promise<void>((resolve, reject) => {
        archive.entry({ name }, `content ${number}\n`, (error) => (error ? reject(error) : resolve()));
      });
    }
    archive.finalize();
  })();
  // Bytes: no encoding is set on the stream.
  yield* archive as unknown as AsyncIterable<Uint8Array>;
  await filled;
}

async function countFiles(archive: AsyncIterable<Uint8Array>): Promise<number> {
  let count = 0;
  const reader = extract();
  reader.on('entry', ({ type }, stream, next) => {
    if (type === 'file') count++;
    stream.on('end', next);
    stream.resume();
  });
  await pipeline(Readable.from(archive), reader);
  return count;
}

const timeoutMs = 240_000;

export const treeCases: readonly CaseDefinition[] = [
  {
    id: 'trees/content',
    level: 2,
    title:
      'folders, links, permission bits, empty folders and files, hidden and odd names survive the way there and back',
    requires: ['trees'],
    body: async ({ computer, run, path }) =>
      withLocalFolder(async (folder) => {
        const [from, to] = [join(folder, 'from'), join(folder, 'to')];
        await mkdir(join(from, 'empty'), { recursive: true });
        await mkdir(join(from, 'a', 'b c'), { recursive: true });
        await writeFile(join(from, 'a', 'b c', "it's 日本語"), 'deep');
        await mkdir(join(from, '.git', '.hidden'), { recursive: true });
        await writeFile(join(from, '.git', 'HEAD'), 'hidden');
        await writeFile(join(from, 'a', 'empty file'), '');
        await writeFile(join(from, 'program'), '#!/bin/sh\necho runs\n', { mode: 0o755 });
        await writeFile(join(from, `${'long-'.repeat(30)}name`), 'long');
        await symlink('program', join(from, 'link'));
        await computer.uploadTree(from, path('tree'), { timeoutMs });
        expectEqual('The linked program', (await run(shellQuote(`${path('tree')}/link`))).stdout, 'runs\n');
        await computer.downloadTreeTo(path('tree'), to, { timeoutMs });
        const namesIn = async (root: string) => (await readdir(root, { recursive: true })).sort();
        expectEqual('The names', await namesIn(to), await namesIn(from));
        expectEqual('The link', await readlink(join(to, 'link')), 'program');
        expectEqual('The bits', (await lstat(join(to, 'program'))).mode & 0o777, 0o755);
        expectEqual('The deep file', await readFile(join(to, 'a', 'b c', "it's 日本語"), 'utf8'), 'deep');
        expectEqual('The hidden file', await readFile(join(to, '.git', 'HEAD'), 'utf8'), 'hidden');
        expectEqual('The empty file', await readFile(join(to, 'a', 'empty file'), 'utf8'), '');
        expectEqual('The empty folder', await readdir(join(to, 'empty')), []);
      }),
  },
  {
    id: 'trees/merges',
    level: 2,
    title: 'a tree is put beside what is there',
    requires: ['trees'],
    body: async ({ computer, run, path }) => {
      const folder = shellQuote(path('tree'));
      await run(`mkdir ${folder}; echo kept >${folder}/kept`);
      await computer.uploadTree(manyFiles(1), path('tree'), { timeoutMs });
      expectEqual('The files', (await run(`ls ${folder}`)).stdout, 'folder-0\nkept\n');
    },
  },
  {
    id: 'trees/missing',
    level: 2,
    title: 'the tree of a directory that is not there is not_found',
    requires: ['trees'],
    body: async ({ computer, path }) =>
      withLocalFolder(async (folder) => {
        const download = computer.downloadTreeTo(path('missing'), join(folder, 'to'), { timeoutMs });
        await expectRejection('The download', download, { code: 'remote_file', reason: 'not_found' });
        expectEqual('The local folder', await readdir(folder), []);
      }),
  },
  {
    id: 'trees/20000-files',
    level: 2,
    title: '20,000 files survive the way there and back',
    requires: ['trees'],
    timeoutMs: 2 * timeoutMs,
    body: async ({ computer, run, path }) => {
      const count = 20_000;
      await computer.uploadTree(manyFiles(count), path('tree'), { timeoutMs });
      const { stdout } = await run('find . -type f | wc -l; cat folder-99/file-19999', { cwd: path('tree') });
      expectEqual('The files there', stdout.trim().split(/\s+/), [String(count), 'content', '19999']);
      expectEqual(
        'The files back',
        await countFiles(computer.downloadTree(path('tree'), { timeoutMs })),
        count,
      );
      expectThat(
        (await run(`rm -rf ${shellQuote(path('tree'))}`)).exitCode === 0,
        'They could not be removed.',
      );
    },
  },
];
