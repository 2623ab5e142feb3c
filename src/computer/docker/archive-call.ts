import { readAhead } from '../archive/read-ahead.js';
import type { CallOptions, DownloadTreeOptions } from '../computer-interface.js';
import { type ArchiveDownload, openArchiveConnection } from './archive-connection.js';
import type { DockerContainer } from './docker-container.js';
import { callEngine } from './engine-call.js';
import { asReadable } from './engine-stream.js';
import { RequestBody } from './request-body.js';

/** Milliseconds: a transfer is bounded by its caller's deadline, not by ours. */
const noTimeout = Infinity;

/**
 * Unpacks a tar stream below a directory that exists. A piece may be overwritten when the second one after it is asked for.
 * @throws what the engine or the source answers with
 */
export async function putArchive(
  { docker, id }: DockerContainer,
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  { signal }: CallOptions,
): Promise<void> {
  const body = new RequestBody(archive);
  let sourceError: unknown;
  body.on('error', (error) => {
    sourceError = error;
  });
  try {
    await callEngine(
      (abortSignal) => docker.getContainer(id).putArchive(body, { path: directory, abortSignal }),
      { signal, timeoutMs: noTimeout },
    );
  } catch (error) {
    signal?.throwIfAborted();
    throw sourceError ?? error;
  } finally {
    body.destroy();
  }
}

/**
 * A path as a tar stream. Destroy it to let go.
 * @throws what the engine answers with
 */
export async function openArchive(
  { docker, id }: DockerContainer,
  path: string,
  { signal, reusesMemory = false }: DownloadTreeOptions,
): Promise<ArchiveDownload> {
  if (reusesMemory) {
    const opened = await callEngine(async (asked) => await openArchiveConnection(docker, id, path, asked), {
      signal,
      onLate: (late) => late?.destroy(),
    });
    if (opened !== undefined) return opened;
  }
  const answer = await callEngine(
    // The signal is not handed on: the answer outlives this call.
    () => docker.getContainer(id).getArchive({ path }),
    { signal, onLate: (late) => asReadable(late).destroy() },
  );
  const stream = asReadable(answer);
  return { pieces: readAhead(stream), destroy: (error) => void stream.destroy(error) };
}
