import { guardArchive } from '../archive/archive-guard.js';
import type { CallOptions, DownloadTreeOptions } from '../computer-interface.js';
import { Deadline } from '../deadline.js';
import { RemoteFileError } from '../errors.js';
import { shellQuote } from '../shell-quote.js';
import { openArchive, putArchive } from './archive-call.js';
import type { ArchiveDownload } from './archive-connection.js';
import type { DockerContainer } from './docker-container.js';
import { absolute, type RunInside, type WriterOf } from './file-transfer.js';
import { lookForHidden } from './hidden-mounts.js';
import { commandFileError, transferFailure } from './remote-file-failure.js';
import { statRemote } from './remote-stat.js';

/**
 * Unpacks a tar stream below a directory, which is made if need be. The engine itself would write through a link that the
 * archive brings, so that an archive which reaches out of the directory is refused before it gets there.
 */
export async function uploadTree(
  container: DockerContainer,
  writerOf: WriterOf,
  archive: AsyncIterable<Uint8Array>,
  remoteDirectory: string,
  options: CallOptions,
): Promise<void> {
  const what = `The upload of a tree to ${remoteDirectory}`;
  using deadline = new Deadline(options);
  deadline.check(what);
  const directory = absolute(remoteDirectory);
  const call = { signal: deadline.signal };
  const limits = { maxBytes: Infinity, maxEntries: Infinity };
  try {
    const { run, isRoot } = await writerOf({ directory }, call);
    const made = await run(`mkdir -p -- ${shellQuote(directory)}`, call);
    const failure = commandFileError(container, what, remoteDirectory, made);
    if (failure !== undefined) throw failure;
    const hidden = isRoot ? await lookForHidden(container, run, directory, call) : undefined;
    const isSeen = hidden?.itself === false;
    if (isSeen && (await statRemote(container, directory, call)) !== undefined) {
      const guarded = guardArchive(archive, remoteDirectory, limits, hidden.below);
      await putArchive(container, guarded, directory, call);
      return;
    }
    // A user's own directory, or a memory file system inside, which the engine does not see.
    const unpacked = await run(`tar -x ${isRoot ? '' : '-o '}-f - -C ${shellQuote(directory)}`, {
      ...call,
      stdin: guardArchive(archive, remoteDirectory, limits),
    });
    const refusal = commandFileError(container, what, remoteDirectory, unpacked);
    if (refusal !== undefined) throw refusal;
  } catch (error) {
    deadline.check(what);
    throw await transferFailure(container, what, remoteDirectory, error);
  }
}

/** A directory as a tar stream with entries relative to it. A symbolic link to a directory is followed. */
export async function* downloadTree(
  container: DockerContainer,
  run: RunInside,
  remoteDirectory: string,
  options: DownloadTreeOptions,
): AsyncGenerator<Uint8Array> {
  const what = `The download of the tree ${remoteDirectory}`;
  using deadline = new Deadline(options);
  deadline.check(what);
  const call = { signal: deadline.signal };
  let archive: ArchiveDownload | undefined;
  try {
    const directory = absolute(remoteDirectory);
    if ((await lookForHidden(container, run, directory, call)).itself) {
      throw new RemoteFileError(
        `${what} failed: the engine does not see what is there, since it is mounted inside only. Copy the tree to a folder of the container first.`,
        { path: remoteDirectory, reason: 'other', computerId: container.name },
      );
    }
    const found = await statRemote(container, directory, call);
    if (found === undefined || found.kind !== 'directory') {
      const why = found === undefined ? 'the engine sees nothing there' : 'it is not a directory';
      throw new RemoteFileError(`${what} failed: ${why}.`, {
        path: remoteDirectory,
        reason: found === undefined ? 'not_found' : 'not_a_directory',
        computerId: container.name,
      });
    }
    // With the dot the engine names the entries from within the directory.
    const { reusesMemory } = options;
    archive = await openArchive(container, `${found.realPath}/.`, { ...call, reusesMemory });
    const { pieces, destroy } = archive;
    deadline.signal.addEventListener('abort', () => destroy(deadline.error(what)), { once: true });
    yield* pieces;
  } catch (error) {
    deadline.check(what);
    throw await transferFailure(container, what, remoteDirectory, error);
  } finally {
    archive?.destroy();
  }
}
