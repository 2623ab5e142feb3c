import { randomUUID } from 'node:crypto';
import { toErrorRecord } from '../errors.js';
import { guardArchive } from './archive/archive-guard.js';
import type { TreeLimits } from './archive/tree-limits.js';
import { packTree } from './archive/pack-tree.js';
import type { ComputerView } from './computer-core.js';
import type { CallOptions, DownloadTreeOptions } from './computer-interface.js';
import { Deadline } from './deadline.js';
import { CommandFailedError, RemoteFileError } from './errors.js';
import { checkedCommand } from './checked-command.js';
import { runCommand } from './run-command.js';
import { shellQuote } from './shell-quote.js';
import { checkRemotePath, countBytes, observeUpload } from './transfer-file.js';

/** A local folder, or a tar stream whose entries are relative to the target. */
export type TreeSource = string | URL | AsyncIterable<Uint8Array>;

/** Bytes that one download of a packed tree brings, so that memory stays flat. */
const partBytes = 8 * 1024 * 1024;
/** Milliseconds for giving back a temporary file. */
const removeTimeoutMs = 30_000;

/** Uploads a tree: natively where the implementation can, else as one archive that `tar` unpacks inside. */
export async function uploadTree(
  view: ComputerView,
  source: TreeSource,
  remoteDirectory: string,
  options: CallOptions & TreeLimits,
): Promise<void> {
  checkRemotePath(remoteDirectory);
  const isLocal = typeof source === 'string' || source instanceof URL;
  const archive = isLocal ? packTree(source) : guardArchive(source, remoteDirectory, options);
  const counted = countBytes(archive);
  await observeUpload(view, remoteDirectory, counted.bytes, async (span) => {
    const { core } = view;
    const inner = { ...view, scope: span };
    const what = `The upload of a tree to ${remoteDirectory}`;
    const native = core.implementation.uploadTree?.bind(core.implementation);
    await core.call(inner, what, options, async (limits) =>
      native === undefined
        ? uploadTreeByShell(inner, counted.source, remoteDirectory, limits)
        : native(counted.source, remoteDirectory, limits),
    );
  });
}

async function uploadTreeByShell(
  view: ComputerView,
  archive: AsyncIterable<Uint8Array>,
  remoteDirectory: string,
  { signal }: CallOptions,
): Promise<void> {
  const packed = temporaryPath(view);
  const directory = shellQuote(remoteDirectory);
  try {
    await view.core.implementation.upload(archive, packed, { signal });
    await checkedCommand(view, `mkdir -p ${directory} && tar -xf ${shellQuote(packed)} -C ${directory}`, {
      signal,
      label: `unpack a tree into ${remoteDirectory}`,
    });
  } finally {
    await removeFiles(view, packed);
  }
}

/** A tree as a tar stream. Its events begin with the first read and end when the reader is done. */
export async function* downloadTree(
  view: ComputerView,
  remoteDirectory: string,
  options: DownloadTreeOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  checkRemotePath(remoteDirectory);
  const { core } = view;
  const path = core.redactor.redact(remoteDirectory);
  const what = `The download of the tree ${remoteDirectory}`;
  const deadline = new Deadline(options, ...view.until).endingWith(core.gone);
  const span = view.scope.span();
  const inner = { ...view, scope: span };
  const startedAt = performance.now();
  const durationMs = () => Math.round(performance.now() - startedAt);
  let bytes = 0;
  let failure: unknown;
  span.emit('file.download.started', { path });
  try {
    core.assertOpen();
    deadline.check(what);
    const limits = { signal: deadline.signal, reusesMemory: options.reusesMemory };
    const native = core.implementation.downloadTree?.bind(core.implementation);
    const chunks = native?.(remoteDirectory, limits) ?? downloadTreeByShell(inner, remoteDirectory, limits);
    for await (const chunk of within(chunks, deadline, what)) {
      bytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    failure = core.seen(deadline.cause === undefined ? error : deadline.error(what), span);
    throw failure;
  } finally {
    deadline[Symbol.dispose]();
    if (failure === undefined) span.emit('file.download.finished', { path, bytes, durationMs: durationMs() });
    else span.emit('file.download.failed', { path, durationMs: durationMs(), error: toErrorRecord(failure) });
  }
}

/** Each step of `chunks` within the deadline, even where the implementation does not look at its signal. */
async function* within(chunks: AsyncIterable<Uint8Array>, deadline: Deadline, what: string) {
  const iterator = chunks[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const step = await deadline.race(iterator.next(), what);
      ended = step.done === true;
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    // A stuck implementation would never answer; it has been told by the signal already.
    if (!ended && deadline.cause === undefined) await iterator.return?.();
  }
}

async function* downloadTreeByShell(view: ComputerView, remoteDirectory: string, { signal }: CallOptions) {
  const { core } = view;
  const packed = temporaryPath(view);
  const part = `${packed}.part`;
  const options = { signal, label: `pack the tree ${remoteDirectory}` };
  try {
    const size = await packedSize(view, remoteDirectory, packed, options);
    for (let offset = 0; offset < size; offset += partBytes) {
      const cut = `dd if=${shellQuote(packed)} of=${shellQuote(part)} bs=${partBytes} skip=${offset / partBytes} count=1`;
      await checkedCommand(view, cut, { ...options, label: `cut a part of the tree ${remoteDirectory}` });
      yield await core.implementation.download(part, { signal, maxBytes: partBytes });
    }
  } finally {
    await removeFiles(view, packed, part);
  }
}

async function packedSize(
  view: ComputerView,
  remoteDirectory: string,
  packed: string,
  options: { readonly signal: AbortSignal | undefined; readonly label: string },
): Promise<number> {
  const directory = shellQuote(remoteDirectory);
  const target = shellQuote(packed);
  const script = `[ -e ${directory} ] || exit 66
[ -d ${directory} ] || exit 67
mkdir -p ${shellQuote(packed.slice(0, packed.lastIndexOf('/')))} && tar -cf ${target} -C ${directory} . && wc -c <${target}`;
  try {
    return Number((await checkedCommand(view, script, options)).stdout.trim());
  } catch (error) {
    const exitCode = error instanceof CommandFailedError ? error.result.exitCode : null;
    const reason = exitCode === 66 ? 'not_found' : exitCode === 67 ? 'not_a_directory' : undefined;
    if (reason === undefined) throw error;
    const fact = reason === 'not_found' ? 'is not there' : 'is not a directory';
    throw new RemoteFileError(`${remoteDirectory} ${fact}.`, { path: remoteDirectory, reason });
  }
}

function temporaryPath({ core }: ComputerView): string {
  return `${core.root}/tmp/.swelancer-tree-${randomUUID()}.tar`;
}

/** Runs after an abort too, hence without the caller's signal. What cannot be removed is gone with the computer. */
async function removeFiles(view: ComputerView, ...paths: readonly string[]): Promise<void> {
  if (view.core.gone.hasEnded) return;
  const command = `rm -f ${paths.map(shellQuote).join(' ')}`;
  const options = { timeoutMs: removeTimeoutMs, label: 'remove a temporary archive' };
  await runCommand({ ...view, until: [] }, command, options).catch(() => undefined);
}
