// A computer of your own in five methods. This one runs everything as processes of this machine, without isolation.
// `npx tsx examples/custom-computer-conformance.ts` puts it through the conformance suite.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline, Readable, type Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ComputerInterface, defineComputer } from 'swelancer';
import { localFileError, readUploadSource, revealEnvironment } from 'swelancer';

export async function customComputer(): Promise<ComputerInterface> {
  const id = randomUUID();
  return defineComputer({
    capabilities: { streamsOutput: true },
    sendShellCommand: async (command, { cwd = '/tmp', env = {}, stdin = '', onOutput } = {}) => {
      // The command comes on descriptor 3: it may be longer than an argument can be.
      const child = spawn('sh', ['-c', 'eval "$(cat <&3)" 3<&-'], {
        ...{ cwd, detached: true, stdio: Array<'pipe'>(4).fill('pipe') },
        env: { PATH: '/usr/local/bin:/usr/bin:/bin', ...revealEnvironment(env), CUSTOM_COMPUTER: id },
      });
      (child.stdio[3] as Writable).on('error', () => undefined).end(command);
      // A command need not read its input to the end.
      pipeline(Readable.from(stdin instanceof Uint8Array ? [stdin] : stdin), child.stdin, () => undefined);
      const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
      for (const stream of ['stdout', 'stderr'] as const)
        child[stream].on('data', (bytes: Buffer) => {
          output[stream].push(bytes);
          onOutput?.({ stream, bytes });
        });
      // A child in the background may hold the output for as long as it likes.
      await Promise.race([once(child, 'close'), once(child, 'exit').then(() => sleep(200))]);
      // After a signal, what a shell says of it: 137 for KILL.
      const exitCode = child.exitCode ?? (child.signalCode && 128 + constants.signals[child.signalCode]);
      const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString();
      return { exitCode, stdout: text(output.stdout), stderr: text(output.stderr) };
    },
    upload: async (source, path, options = {}) => {
      const { stream, mode } = await readUploadSource(source);
      // To the side first, where nobody has or plants a file: an upload that fails leaves the old one as it was.
      const part = join(dirname(path), `.${randomUUID()}`);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(part, stream, { flag: 'wx', mode: 0o600 })
        .then(() => chmod(part, options.mode ?? mode))
        .then(() => rename(part, path))
        .finally(() => rm(part, { force: true }));
    },
    download: async (path, { maxBytes = 100 * 1024 ** 2 } = {}) => {
      // The reason of the error matters: an answer file that is not there is an answer not given.
      const fail = (error: unknown) => Promise.reject(localFileError(error, path, 'read'));
      const file = await stat(path).catch(fail);
      // A device has no end, and a pipe no beginning.
      if (!file.isFile() && !file.isDirectory()) return fail(new Error('it is no file'));
      return file.size > maxBytes ? fail(tooLarge) : readFile(path).catch(fail);
    },
    cleanup: async () => {
      // What a command left in the background too.
      await once(spawn('sh', ['-c', killMarked, 'sh', `CUSTOM_COMPUTER=${id}`]), 'exit');
    },
  });
}

const tooLarge = Object.assign(new Error('it has more bytes than asked for'), { code: 'EFBIG' });

// Again until a look finds none: each may start another one while we look.
const killMarked = `while files=$(grep -ls "$1" /proc/[0-9]*/environ); [ -n "$files" ]
do kill -9 $(echo "$files" | cut -d/ -f3); sleep 0.01; done`;
