// A computer of your own in five methods. This one runs everything as processes of this machine, without isolation.
// `npx tsx examples/custom-computer-conformance.ts` puts it through the conformance suite.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline, Readable, type Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ComputerInterface, defineComputer } from 'swelancer';
import { localFileError, readUploadSource, revealEnvironment } from 'swelancer';

export async function customComputer(): Promise<ComputerInterface> {
  const running = new Set<ChildProcess>();
  return defineComputer({
    capabilities: { streamsOutput: true },
    sendShellCommand: async (command, { cwd = '/tmp', env = {}, stdin = '', onOutput } = {}) => {
      // The command comes on descriptor 3: it may be longer than an argument can be.
      const child = spawn('sh', ['-c', 'eval "$(cat <&3)" 3<&-'], {
        ...{ cwd, detached: true, stdio: Array<'pipe'>(4).fill('pipe') },
        env: { PATH: '/usr/local/bin:/usr/bin:/bin', ...revealEnvironment(env) },
      });
      running.add(child);
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
      running.delete(child);
      const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString();
      return { exitCode: child.exitCode, stdout: text(output.stdout), stderr: text(output.stderr) };
    },
    upload: async (source, path, options = {}) => {
      const { stream, mode } = await readUploadSource(source);
      await mkdir(dirname(path), { recursive: true });
      // To the side first: an upload that fails leaves the old file as it was.
      await writeFile(`${path}.part`, stream, { mode: options.mode ?? mode })
        .then(() => rename(`${path}.part`, path))
        .finally(() => rm(`${path}.part`, { force: true }));
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
      for (const { pid } of running) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    },
  });
}

const tooLarge = Object.assign(new Error('it has more bytes than asked for'), { code: 'EFBIG' });
