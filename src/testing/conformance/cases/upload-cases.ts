import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { settledWithin } from '../../../computer/deadline.js';
import { shellQuote } from '../../../computer/shell-quote.js';
import { expectEqual, expectRejection, expectThat } from '../assertions.js';
import type { CaseBench, CaseDefinition } from '../case-definition.js';

const bytes = (text: string) => new TextEncoder().encode(text);

async function content({ run }: CaseBench, path: string): Promise<string> {
  return (await run(`cat ${shellQuote(path)}`)).stdout;
}

async function* failingSource(): AsyncGenerator<Uint8Array> {
  yield bytes('new, and the first half only');
  throw new Error('The source of the upload fails, as the case wants it.');
}

export const uploadCases: readonly CaseDefinition[] = [
  {
    id: 'upload/bytes',
    level: 0,
    title: 'bytes become a file',
    body: async (bench) => {
      const path = bench.path('file');
      await bench.computer.upload(bytes('from memory'), path);
      expectEqual('The file', await content(bench, path), 'from memory');
    },
  },
  {
    id: 'upload/local-file',
    level: 0,
    title: 'a local file is uploaded by path and by URL, with its permission bits',
    body: async (bench) => {
      const folder = await mkdtemp(join(tmpdir(), 'swelancer-conformance-'));
      try {
        const local = join(folder, 'local file');
        await writeFile(local, '#!/bin/sh\necho runs\n', { mode: 0o755 });
        for (const [name, source] of [
          ['path', local],
          ['url', pathToFileURL(local)],
        ] as const) {
          await bench.computer.upload(source, bench.path(name));
          const { stdout } = await bench.run(shellQuote(bench.path(name)));
          expectEqual(`What the program uploaded by ${name} says`, stdout, 'runs\n');
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  },
  {
    id: 'upload/stream',
    level: 0,
    title: 'a stream becomes a file, whatever its pieces',
    body: async (bench) => {
      const path = bench.path('file');
      await bench.computer.upload(
        (async function* () {
          for (const piece of ['one ', '', 'two ', 'three']) yield bytes(piece);
        })(),
        path,
      );
      expectEqual('The file', await content(bench, path), 'one two three');
    },
  },
  {
    id: 'upload/overwrites',
    level: 0,
    title: 'an upload replaces a longer file as a whole',
    body: async (bench) => {
      const path = bench.path('file');
      await bench.computer.upload(bytes('a long old content'), path);
      await bench.computer.upload(bytes('new'), path);
      expectEqual('The file', await content(bench, path), 'new');
    },
  },
  {
    id: 'upload/link',
    level: 0,
    title: 'an upload replaces a symbolic link, and leaves what it led to as it was',
    body: async (bench) => {
      const cwd = bench.path('victim').slice(0, -'/victim'.length);
      await bench.run('printf kept >victim; ln -s victim link; ln -s nowhere broken', { cwd });
      for (const name of ['link', 'broken']) {
        const path = bench.path(name);
        await bench.computer.upload(bytes('uploaded'), path);
        expectEqual(`The file in place of the ${name}`, await content(bench, path), 'uploaded');
        const { exitCode } = await bench.run(`test -L ${shellQuote(path)}`);
        expectThat(exitCode === 1, `The upload kept the ${name} and went where it leads.`);
      }
      expectEqual('What the link led to', await content(bench, bench.path('victim')), 'kept');
    },
  },
  {
    id: 'upload/creates-parents',
    level: 0,
    title: 'folders above an uploaded file are created',
    body: async (bench) => {
      const path = bench.path('one/two three/four');
      await bench.computer.upload(bytes('deep'), path);
      expectEqual('The file', await content(bench, path), 'deep');
    },
  },
  {
    id: 'upload/names',
    level: 0,
    timeoutMs: 300_000,
    title: 'names with blanks, quotes, dollars, dashes, newlines and other scripts are names',
    body: async (bench) => {
      const plain = ['two words', `it's "$HOME" \`x\` \\n`, '-rf', '日本語 🎉', 'a;b&c|d', '*', '~'];
      for (const name of [...plain, 'folder/two\nlines', 'folder/a line\n']) {
        const path = bench.path(name);
        await bench.computer.upload(bytes(name), path);
        expectEqual(`The file ${name}`, await content(bench, path), name);
        expectEqual(
          `The download of ${name}`,
          Buffer.from(await bench.computer.download(path)).toString(),
          name,
        );
      }
    },
  },
  {
    id: 'upload/empty',
    level: 0,
    title: 'an empty file is a file',
    body: async ({ computer, path }) => {
      await computer.upload(new Uint8Array(), path('empty'));
      expectEqual('Its length', (await computer.download(path('empty'))).length, 0);
    },
  },
  {
    id: 'upload/mode',
    level: 0,
    title: 'permission bits are set, 0644 unless told otherwise',
    body: async ({ computer, run, path }) => {
      await computer.upload(bytes('x'), path('plain'));
      await computer.upload(bytes('x'), path('program'), { mode: 0o750 });
      await computer.upload(bytes('x'), path('closed'), { mode: 0 });
      // A umask would take some of these.
      await computer.upload(bytes('x'), path('open'), { mode: 0o777 });
      await computer.upload(bytes('x'), path('writable'), { mode: 0o666 });
      for (const [name, expected] of [
        ['plain', '-rw-r--r--'],
        ['program', '-rwxr-x---'],
        ['closed', '----------'],
        ['open', '-rwxrwxrwx'],
        ['writable', '-rw-rw-rw-'],
      ] as const) {
        const { stdout } = await run(`ls -l ${shellQuote(path(name))}`);
        expectEqual(`The bits of ${name}`, stdout.slice(0, expected.length), expected);
      }
    },
  },
  {
    id: 'upload/failing-source',
    level: 0,
    title: 'an upload that fails leaves an existing file as it was, and nothing beside it',
    body: async (bench) => {
      const path = bench.path('file');
      await bench.computer.upload(bytes('old'), path);
      await expectRejection('An upload whose source fails', bench.computer.upload(failingSource(), path));
      expectEqual('The file', await content(bench, path), 'old');
    },
  },
  {
    id: 'upload/missing-source',
    level: 0,
    title: 'a local file that is not there is an error and makes no file',
    body: async ({ computer, run, path }) => {
      const local = join(tmpdir(), 'swelancer-conformance-no-such-file');
      await expectRejection('The upload of a missing file', computer.upload(local, path('file')));
      expectEqual('The search for it', (await run(`test -e ${shellQuote(path('file'))}`)).exitCode, 1);
    },
  },
  {
    id: 'upload/onto-directory',
    level: 0,
    title: 'an upload does not replace a directory',
    body: async ({ computer, run, path }) => {
      const folder = shellQuote(path('folder'));
      await run(`mkdir ${folder} && echo kept >${folder}/kept`);
      await expectRejection('An upload onto a directory', computer.upload(bytes('x'), path('folder')));
      expectEqual('The directory', (await run(`ls -A ${folder}`)).stdout, 'kept\n');
    },
  },
  {
    id: 'upload/aborted',
    level: 1,
    title: 'an upload whose signal has fired does not take place',
    body: async ({ computer, run, path, controller }) => {
      const abort = controller();
      abort.abort();
      const upload = computer.upload(bytes('x'), path('file'), { signal: abort.signal });
      await expectRejection('The upload', upload, { name: 'AbortError' });
      expectEqual('The search for it', (await run(`test -e ${shellQuote(path('file'))}`)).exitCode, 1);
    },
  },
  {
    id: 'upload/stuck-source',
    level: 1,
    title: 'an upload ends at its time limit and leaves an existing file as it was',
    body: async (bench) => {
      const path = bench.path('file');
      await bench.computer.upload(bytes('old'), path);
      let release: () => void = () => undefined;
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const stuck = (async function* () {
        yield bytes('half');
        await released;
        throw new Error('Nobody wants it any more.');
      })();
      try {
        await expectRejection('The upload', bench.computer.upload(stuck, path, { timeoutMs: 500 }), {
          code: 'timeout',
        });
      } finally {
        release();
      }
      expectEqual('The file', await content(bench, path), 'old');
    },
  },
  {
    id: 'upload/at-once',
    level: 1,
    title: 'of uploads to one path at once each ends well, and one of them is there as a whole',
    requires: ['concurrentCommands'],
    body: async (bench) => {
      const path = bench.path('file');
      const letters = ['a', 'b', 'c', 'd', 'e', 'f'];
      const length = 64 * 1024;
      let begun = 0;
      let allBegin: () => void = () => undefined;
      const allHaveBegun = new Promise<void>((resolve) => {
        allBegin = resolve;
      });
      const uploads = letters.map(async (letter) => {
        const source = (async function* () {
          yield bytes(letter.repeat(length));
          begun += 1;
          if (begun === letters.length) allBegin();
          // Each keeps what it has until all have begun, unless the computer takes one after another.
          await settledWithin(allHaveBegun, 1000);
          yield bytes(letter);
        })();
        await bench.computer.upload(source, path);
      });
      await Promise.all(uploads);
      const file = Buffer.from(await bench.computer.download(path)).toString();
      const whole = letters.map((letter) => letter.repeat(length + 1));
      expectThat(whole.includes(file), 'The file is none of those that were uploaded.');
    },
  },
  {
    id: 'upload/disk-full',
    level: 2,
    title: 'an upload that does not fit says so, leaves the old file and gives the space back',
    requires: ['smallFolder'],
    ownComputer: { sharedMemoryBytes: 1024 * 1024 },
    body: async (bench) => {
      const path = `${bench.options.smallFolder ?? ''}/swelancer-conformance-file`;
      await bench.computer.upload(bytes('old'), path);
      const tooMuch = new Uint8Array(4 * 1024 * 1024).fill(120);
      await expectRejection('The upload', bench.computer.upload(tooMuch, path), { code: 'remote_file' });
      expectEqual('The file', await content(bench, path), 'old');
      const { stdout } = await bench.run(
        `du -sk ${shellQuote(bench.options.smallFolder ?? '')}; rm -f ${shellQuote(path)}`,
      );
      expectThat(Number.parseInt(stdout, 10) < 64, `The failed upload left ${stdout.trim()} KiB.`);
    },
  },
];
