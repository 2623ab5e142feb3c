import { Agent } from 'node:http';
import type Docker from 'dockerode';
import { ReceivedPieces } from './received-pieces.js';

/** The bytes of an archive, to be read once. */
export interface ArchiveDownload {
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Lets go of it: with an error for whoever still reads. */
  readonly destroy: (error?: Error) => void;
}

const blockBytes = 512;

/**
 * An archive of the engine's in pieces of memory that is used again: each is overwritten when the second one after it is
 * asked for. `undefined` where the engine is not asked over a plain local socket, or refuses: an ordinary call says why.
 * The signal is for the beginning of the answer only.
 *
 * By hand, over HTTP/1.0, whose answer is a head and then nothing but the archive. HTTP clients for Node take new memory
 * for every read, and each few MiB of it make Node collect garbage: up to 80 times in 512 MiB, which takes longer than
 * everything else together.
 */
export async function openArchiveConnection(
  docker: Docker,
  id: string,
  path: string,
  signal: AbortSignal,
): Promise<ArchiveDownload | undefined> {
  const socketPath = await plainSocketPath(docker);
  if (socketPath === undefined) return undefined;
  const received = new ReceivedPieces(socketPath);
  const abandon = () => received.destroy();
  signal.addEventListener('abort', abandon, { once: true });
  const query = new URLSearchParams({ path }).toString();
  received.send(`GET /containers/${id}/archive?${query} HTTP/1.0\r\nHost: docker\r\n\r\n`);
  const head = await received.firstUpTo('\r\n\r\n');
  signal.removeEventListener('abort', abandon);
  if (head !== undefined && isPlainAnswer(head.toString('latin1'))) {
    return { pieces: wholeArchive(received.read(head.length)), destroy: received.destroy };
  }
  received.destroy();
  return undefined;
}

/** Where a connection of our own leads to the engine as the caller's do; its types leave most of this open. */
async function plainSocketPath(docker: Docker): Promise<string | undefined> {
  const modem = docker.modem as unknown as {
    readonly protocol?: unknown;
    readonly host?: unknown;
    readonly agent?: unknown;
    readonly version?: unknown;
    readonly headers?: object;
    readonly getSocketPath: () => Promise<unknown> | undefined;
  };
  const isPlain =
    modem.protocol === 'http' &&
    modem.host === undefined &&
    modem.version === undefined &&
    Object.keys(modem.headers ?? {}).length === 0 &&
    (modem.agent === undefined || Object.getPrototypeOf(modem.agent) === Agent.prototype);
  const socketPath = isPlain ? await modem.getSocketPath() : undefined;
  return typeof socketPath === 'string' ? socketPath : undefined;
}

/** Whether the archive follows as it is. */
function isPlainAnswer(head: string): boolean {
  return /^HTTP\/1\.[01] 200 /.test(head) && !/^(transfer|content)-encoding:/im.test(head);
}

/** An archive ends with blocks of zeros: over HTTP/1.0 the end of a connection that broke looks like any other. */
async function* wholeArchive(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let end: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    end =
      piece.length < blockBytes
        ? Buffer.concat([end, piece]).subarray(-blockBytes)
        : piece.subarray(-blockBytes);
    yield piece;
  }
  if (end.length === blockBytes && end.every((byte) => byte === 0)) return;
  const message = 'The engine ended the connection before the archive was whole.';
  throw Object.assign(new Error(message), { code: 'ECONNRESET' });
}
