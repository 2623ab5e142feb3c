import type { Readable } from 'node:stream';
import type { CallOptions } from '../computer-interface.js';
import type { DockerContainer } from './docker-container.js';
import { callEngine } from './engine-call.js';
import { asReadable } from './engine-stream.js';
import { receivingContainer } from './receiving-agent.js';
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

/** A path as a tar stream. Destroy it to let go. @throws what the engine answers with */
export async function getArchive(
  { docker, id }: DockerContainer,
  path: string,
  { signal }: CallOptions,
): Promise<Readable> {
  const stream = await callEngine(
    // The signal is not handed on: the answer outlives this call.
    () => receivingContainer(docker, id).getArchive({ path }),
    { signal, onLate: (late) => asReadable(late).destroy() },
  );
  return asReadable(stream);
}
