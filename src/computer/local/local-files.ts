import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extractTree } from '../archive/extract-tree.js';
import { localFileError } from '../archive/local-file-error.js';
import { packTree } from '../archive/pack-tree.js';
import { readUploadSource } from '../archive/read-upload-source.js';
import type { CallOptions, ComputerInterface } from '../computer-interface.js';
import { Deadline } from '../deadline.js';
import { RemoteFileError } from '../errors.js';

const defaultMaxBytes = 100 * 1024 * 1024;

export type LocalFiles = Required<
  Pick<ComputerInterface, 'upload' | 'download' | 'uploadTree' | 'downloadTree'>
>;

/**
 * Files below a local computer's root. Paths outside are refused: a path meant for a container (`/app/x`) must not
 * touch this machine. It guards against accidents only; links are followed.
 */
export function localFiles(root: string): LocalFiles {
  const inside = (path: string): string => {
    const local = resolve(path);
    if (local === root || local.startsWith(`${root}${sep}`)) return local;
    throw new RemoteFileError(`${path} is outside of this local computer; its files are below ${root}.`, {
      path,
      reason: 'permission',
    });
  };
  return {
    upload: async (source, remotePath, options = {}) => {
      const path = inside(remotePath);
      await limited(options, `The upload to ${remotePath}`, async (signal) => {
        const { stream, mode } = await readUploadSource(source, { signal });
        await writeFile(path, stream, options.mode ?? mode, signal);
      });
    },
    download: async (remotePath, options = {}) => {
      const path = inside(remotePath);
      return await limited(options, `The download of ${remotePath}`, async (signal) =>
        readFile(path, options.maxBytes ?? defaultMaxBytes, signal),
      );
    },
    uploadTree: async (archive, remoteDirectory, options = {}) => {
      const path = inside(remoteDirectory);
      await limited(options, `The upload to ${remoteDirectory}`, async (signal) =>
        extractTree(interruptible(archive, signal), path),
      );
    },
    downloadTree: (remoteDirectory, options = {}) => readTree(inside(remoteDirectory), options),
  };
}

async function limited<T>(
  options: CallOptions,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new Deadline(options);
  try {
    deadline.check(what);
    return await deadline.race(work(deadline.signal), what);
  } catch (error) {
    throw deadline.cause === undefined ? error : deadline.error(what);
  } finally {
    deadline[Symbol.dispose]();
  }
}

/** Under another name first, so that a failed upload leaves the target as it was. */
async function writeFile(
  path: string,
  content: AsyncIterable<Uint8Array>,
  mode: number,
  signal: AbortSignal,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    const target = await stat(path).catch(() => undefined);
    if (target?.isDirectory() === true) {
      throw new RemoteFileError(`${path} is a directory.`, { path, reason: 'is_directory' });
    }
    await mkdir(dirname(path), { recursive: true }).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const message = `${dirname(path)} is not a directory.`;
      throw new RemoteFileError(message, { path, reason: 'not_a_directory', cause: error });
    });
    await pipeline(Readable.from(content, { objectMode: false }), createWriteStream(temporary), { signal });
    // The mask of this process would take bits away from a mode given to `open`.
    await chmod(temporary, mode);
    await rename(temporary, path);
  } catch (error) {
    // Where its folder is none there is nothing to remove either; the first error is the one to tell.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw localFileError(error, path, 'write');
  }
}

async function readFile(path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) {
      throw new RemoteFileError(`${path} is a directory; use downloadTree.`, {
        path,
        reason: 'is_directory',
      });
    }
    // Opening a pipe that nobody writes to would hold a thread of this process for ever.
    if (!found.isFile()) throw new RemoteFileError(`${path} is not a file.`, { path, reason: 'other' });
    const chunks: Buffer[] = [];
    let size = 0;
    // Counted while it is read: a file may grow, and those of /proc say 0.
    for await (const chunk of createReadStream(path, { signal }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) {
        const message = `${path} is larger than ${maxBytes} bytes; raise maxBytes.`;
        throw new RemoteFileError(message, { path, reason: 'too_large' });
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    throw localFileError(error, path, 'read');
  }
}

async function* readTree(
  directory: string,
  options: CallOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const what = `The download of ${directory}`;
  const deadline = new Deadline(options);
  try {
    deadline.check(what);
    for await (const chunk of packTree(directory)) {
      deadline.check(what);
      yield chunk;
    }
  } finally {
    deadline[Symbol.dispose]();
  }
}

async function* interruptible(
  archive: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of archive) {
    signal.throwIfAborted();
    yield chunk;
  }
}
