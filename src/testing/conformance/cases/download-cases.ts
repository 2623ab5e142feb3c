import { randomBytes } from 'node:crypto';
import { shellQuote } from '../../../computer/shell-quote.js';
import { expectEqual, expectRejection, expectThat } from '../assertions.js';
import type { CaseDefinition } from '../case-definition.js';

const mebibyte = 1024 * 1024;

export const downloadCases: readonly CaseDefinition[] = [
  {
    id: 'download/bytes',
    level: 0,
    title: 'every byte value survives the way there and back',
    body: async ({ computer, path }) => {
      const bytes = Uint8Array.from({ length: 1024 }, (_, index) => index % 256);
      await computer.upload(bytes, path('bytes'));
      const back = await computer.download(path('bytes'));
      expectThat(back instanceof Uint8Array, 'download does not give a Uint8Array.');
      expectThat(Buffer.from(bytes).equals(back), 'The bytes are not the same.');
    },
  },
  {
    id: 'download/5-mib',
    level: 0,
    title: '5 MiB of noise survive the way there and back',
    body: async ({ computer, path }) => {
      const bytes = randomBytes(5 * mebibyte + 1);
      await computer.upload(bytes, path('noise'));
      const back = await computer.download(path('noise'));
      expectEqual('The length', back.length, bytes.length);
      expectThat(bytes.equals(back), 'The bytes are not the same.');
    },
  },
  {
    id: 'download/changed',
    level: 0,
    title: 'a download gives the file as it is by then, and not as it was before',
    body: async ({ computer, run, path }) => {
      const download = async () => Buffer.from(await computer.download(path('file'))).toString();
      await computer.upload(new TextEncoder().encode('first'), path('file'));
      expectEqual('The file', await download(), 'first');
      // The same length, which tells nothing.
      await run(`printf later >${shellQuote(path('file'))}`);
      expectEqual('The file that a command changed', await download(), 'later');
      await run(`rm ${shellQuote(path('file'))}`);
      const removed = computer.download(path('file'));
      await expectRejection('The download of the removed file', removed, { reason: 'not_found' });
    },
  },
  {
    id: 'download/missing',
    level: 0,
    title:
      'a file that is not there is RemoteFileError not_found, which is how an answer that was not given is known',
    body: async ({ computer, path }) => {
      for (const name of ['missing', 'no folder/missing']) {
        const download = computer.download(path(name));
        await expectRejection('The download', download, { code: 'remote_file', reason: 'not_found' });
      }
    },
  },
  {
    id: 'download/directory',
    level: 0,
    title: 'a directory is no file',
    body: async ({ computer, run, path }) => {
      await run(`mkdir ${shellQuote(path('folder'))}`);
      const download = computer.download(path('folder'));
      await expectRejection('The download', download, { code: 'remote_file', reason: 'is_directory' });
    },
  },
  {
    id: 'download/link',
    level: 0,
    title: 'links are followed, and one that leads nowhere is not_found',
    body: async ({ computer, run, path }) => {
      await run('echo target >file; ln -s file link; ln -s link second; ln -s nowhere broken', {
        cwd: path('file').slice(0, -'/file'.length),
      });
      for (const name of ['link', 'second']) {
        const bytes = await computer.download(path(name));
        expectEqual(`The file behind ${name}`, Buffer.from(bytes).toString(), 'target\n');
      }
      const download = computer.download(path('broken'));
      await expectRejection('The download of a broken link', download, { reason: 'not_found' });
    },
  },
  {
    id: 'download/no-permission',
    level: 0,
    title: 'a file that may not be read is an error',
    body: async ({ computer, run, path, skip }) => {
      if ((await run('id -u')).stdout === '0\n') skip('the computer reads files as root, who may read all');
      await run(`echo x >${shellQuote(path('file'))}; chmod 0 ${shellQuote(path('file'))}`);
      const download = computer.download(path('file'));
      await expectRejection('The download', download, { code: 'remote_file', reason: 'permission' });
    },
  },
  {
    id: 'download/limit',
    level: 0,
    title: 'a file above maxBytes is refused, one of just that size is not',
    body: async ({ computer, path }) => {
      await computer.upload(new Uint8Array(1001), path('file'));
      const download = computer.download(path('file'), { maxBytes: 1000 });
      await expectRejection('The download', download, { code: 'remote_file', reason: 'too_large' });
      expectEqual('The length', (await computer.download(path('file'), { maxBytes: 1001 })).length, 1001);
    },
  },
  {
    id: 'download/aborted',
    level: 1,
    title: 'a download whose signal has fired does not take place',
    body: async ({ computer, path, controller }) => {
      const abort = controller();
      abort.abort();
      const download = computer.download(path('file'), { signal: abort.signal });
      await expectRejection('The download', download, { name: 'AbortError' });
    },
  },
  {
    id: 'download/no-file',
    level: 2,
    title: 'a pipe that nobody writes to, and a device without end, are refused',
    body: async ({ computer, run, path }) => {
      await run('mkfifo pipe; ln -s /dev/zero device', { cwd: path('pipe').slice(0, -'/pipe'.length) });
      for (const name of ['pipe', 'device']) {
        const download = computer.download(path(name), { maxBytes: 1000, timeoutMs: 20_000 });
        await expectRejection(`The download of a ${name}`, download, { code: 'remote_file' });
      }
    },
  },
];
