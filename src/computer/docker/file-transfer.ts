import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import type {
  CallOptions,
  CommandResult,
  DownloadOptions,
  ShellCommandOptions,
  UploadOptions,
  UploadSource,
} from '../computer-interface.js';
import { readUploadSource } from '../archive/read-upload-source.js';
import { wrapFile } from '../archive/wrap-file.js';
import { Deadline } from '../deadline.js';
import { RemoteFileError } from '../errors.js';
import { shellQuote } from '../shell-quote.js';
import { openArchive, putArchive } from './archive-call.js';
import type { DockerContainer } from './docker-container.js';
import { lookForHidden } from './hidden-mounts.js';
import { commandFileError, transferFailure } from './remote-file-failure.js';
import { statRemote } from './remote-stat.js';
import { readSingleFile } from './single-file-archive.js';

/** Runs a command inside, as the shell engine does, as a user who may write everywhere. */
export type RunInside = (command: string, options?: ShellCommandOptions) => Promise<CommandResult>;

/** Who writes to a place in the computer. */
export interface Writer {
  readonly run: RunInside;
  /** Root, as whom the engine itself can write. */
  readonly isRoot: boolean;
}

/** Finds it by the directory, and by the file in it where only that is replaced. */
export type WriterOf = (
  place: { readonly directory: string; readonly file?: string },
  call: CallOptions,
) => Promise<Writer>;

const defaultMaxBytes = 100 * 1024 * 1024;
/** The temporary file is not there. Our own exit code, which `mv` does not use. */
const missingExitCode = 44;

/** Writes one file under a temporary name beside the target and renames it, so that no reader sees half of it. */
export async function uploadFile(
  container: DockerContainer,
  writerOf: WriterOf,
  source: UploadSource,
  remotePath: string,
  options: UploadOptions,
): Promise<void> {
  const what = `The upload to ${remotePath}`;
  using deadline = new Deadline(options);
  deadline.check(what);
  const target = absolute(remotePath);
  const temporary = posix.join(posix.dirname(target), `.swelancer-${randomBytes(8).toString('hex')}`);
  const call = { signal: deadline.signal };
  let sourceFailure: { readonly error: unknown } | undefined;
  const open = async ({ reusesMemory }: { readonly reusesMemory: boolean }) => {
    const opened = await readUploadSource(source, { ...call, reusesMemory });
    const watched = async function* () {
      try {
        yield* opened.stream;
      } catch (error) {
        sourceFailure = { error };
        throw error;
      }
    };
    return { ...opened, mode: options.mode ?? opened.mode, stream: watched() };
  };
  let writer: Writer | undefined;
  const first = await open({ reusesMemory: true });
  try {
    writer = await writerOf({ directory: posix.dirname(target), file: target }, call);
    const { run, isRoot } = writer;
    const { size, mode } = first;
    let put: CommandResult | undefined;
    if (
      isRoot &&
      size !== undefined &&
      !(await lookForHidden(container, run, posix.dirname(target), call)).itself
    ) {
      const header = { name: temporary.slice(1), type: 'file', mode, size } as const;
      await putArchive(container, wrapFile(header, first.stream), '/', call);
      put = await run(renameCommand(temporary, target), call);
    }
    // What is mounted inside only, such as a memory file system, the engine does not write to, also by way of a link.
    if (put === undefined || put.exitCode === missingExitCode) {
      const { stream } = put === undefined ? first : await open({ reusesMemory: false });
      const received = await run(receiveCommand(temporary, mode), { ...call, stdin: stream });
      const refusal = commandFileError(container, what, remotePath, received);
      if (refusal !== undefined) throw refusal;
      // A command of its own: the end of a stream that was cut looks like any other end from inside.
      put = await run(renameCommand(temporary, target), call);
    }
    const failure = commandFileError(container, what, remotePath, put);
    if (failure !== undefined) throw failure;
  } catch (error) {
    if (container.watch.end === undefined) {
      await writer?.run(`rm -f -- ${shellQuote(temporary)}`, { timeoutMs: 10_000 }).catch(() => undefined);
    }
    deadline.check(what);
    if (sourceFailure !== undefined) throw sourceFailure.error;
    throw await transferFailure(container, what, remotePath, error);
  }
}

/** Reads one file, following symbolic links. */
export async function downloadFile(
  container: DockerContainer,
  run: RunInside,
  remotePath: string,
  options: DownloadOptions,
): Promise<Uint8Array> {
  const what = `The download of ${remotePath}`;
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  using deadline = new Deadline(options);
  deadline.check(what);
  const call = { signal: deadline.signal };
  const refuse = (reason: RemoteFileError['reason'], why: string) =>
    new RemoteFileError(`${what} was refused: ${why}.`, {
      path: remotePath,
      reason,
      computerId: container.name,
    });
  const tooLarge = () =>
    refuse('too_large', `it is larger than ${maxBytes} bytes; raise maxBytes if it may be`);
  try {
    const path = absolute(remotePath);
    const isSeen = !(await lookForHidden(container, run, path, call)).itself;
    const found = isSeen ? await statRemote(container, path, call) : undefined;
    if (found?.kind === 'directory') throw refuse('is_directory', 'it is a directory');
    if (found?.kind === 'file') {
      if (found.size > maxBytes) throw tooLarge();
      const archive = await openArchive(container, found.realPath, { ...call, reusesMemory: true });
      const stop = () => archive.destroy(deadline.error(what));
      deadline.signal.addEventListener('abort', stop, { once: true });
      const content = await readSingleFile(archive.pieces, maxBytes);
      if (content === 'too large') throw tooLarge();
      return content;
    }
    const read = await run(readCommand(absolute(remotePath), maxBytes + 1), {
      ...call,
      output: { headBytes: maxBytes + 1, tailBytes: 0 },
    });
    const failure = commandFileError(container, what, remotePath, read);
    if (failure !== undefined) throw failure;
    const captured = read.captured?.stdout;
    if (captured === undefined || captured.totalBytes > maxBytes) throw tooLarge();
    return captured.head;
  } catch (error) {
    deadline.check(what);
    throw await transferFailure(container, what, remotePath, error);
  }
}

export function absolute(remotePath: string): string {
  if (!posix.isAbsolute(remotePath) || remotePath.includes('\0')) {
    throw new RemoteFileError(`${remotePath} is not an absolute path in the computer.`, {
      path: remotePath,
      reason: 'other',
    });
  }
  return posix.normalize(remotePath);
}

/**
 * Whether a directory can be written to, or made, by whoever asks, and a file in it replaced: in a sticky one only by the
 * owner of either.
 */
export function mayWriteCommand(directory: string, file?: string): string {
  const path = file === undefined ? undefined : shellQuote(file);
  const replaces =
    path && ` && { [ ! -e ${path} ] || [ ! -k "$directory" ] || [ -O ${path} ] || [ -O "$directory" ]; }`;
  return `directory=${shellQuote(directory)}
while [ ! -e "$directory" ] && [ -n "$directory" ]; do directory=\${directory%/*}; done
[ -w "\${directory:-/}" ]${replaces ?? ''}`;
}

function renameCommand(temporary: string, target: string): string {
  const [from, to] = [shellQuote(temporary), shellQuote(target)];
  return `[ -f ${from} ] || exit ${missingExitCode}
if [ -d ${to} ]; then echo "is a directory" >&2; exit 1; fi
mv -f -- ${from} ${to}`;
}

function receiveCommand(temporary: string, mode: number): string {
  const to = shellQuote(temporary);
  return `mkdir -p -- ${shellQuote(posix.dirname(temporary))} && cat > ${to} && chmod ${mode.toString(8)} ${to}`;
}

/** Shells word a failed redirection differently, so what can be told apart beforehand is. */
function readCommand(path: string, bytes: number): string {
  const from = shellQuote(path);
  return `if [ -d ${from} ]; then echo "is a directory" >&2; exit 1; fi
parent=${shellQuote(posix.dirname(path))}
if [ -e "$parent" ] && [ ! -d "$parent" ]; then echo "not a directory" >&2; exit 1; fi
if [ -p ${from} ]; then echo "is a pipe" >&2; exit 1; fi
head -c ${bytes} < ${from}`;
}
