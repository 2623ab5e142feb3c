import { open, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ConfigurationError } from '../../errors.js';
import type { UploadSource } from '../computer-interface.js';
import { RemoteFileError } from '../errors.js';
import { localFileError } from './local-file-error.js';

/** Any upload source as a stream. */
export interface ReadableSource {
  /** Read it to the end, or call its iterator's `return`; nothing is open before the first read, but an HTTP response. */
  readonly stream: AsyncIterable<Uint8Array>;
  /** Bytes, where they are known beforehand. */
  readonly size: number | undefined;
  /** Permission bits: a local file's own, else `0o644`. */
  readonly mode: number;
}

const defaultMode = 0o644;

/** Bytes read at once: each piece is handed on several times, which costs more than reading it. */
const pieceBytes = 1024 * 1024;

export interface ReadUploadOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether a local file's pieces may share memory: each is overwritten when the second one after it is asked for. Only
   * for who is done with it by then. It spares most of the time that a large file takes, which is collecting garbage.
   * Default: false, every piece is the reader's.
   */
  readonly reusesMemory?: boolean | undefined;
}

/** Opens a local path, a `file:` or `http(s):` URL, bytes or a stream. @throws RemoteFileError, ConfigurationError */
export async function readUploadSource(
  source: UploadSource,
  options: ReadUploadOptions = {},
): Promise<ReadableSource> {
  if (typeof source === 'string') return readLocalFile(source, options);
  if (source instanceof URL) {
    return source.protocol === 'file:'
      ? readLocalFile(fileURLToPath(source), options)
      : readHttp(source, options);
  }
  if (source instanceof Uint8Array) {
    return { stream: once(source), size: source.length, mode: defaultMode };
  }
  return { stream: source, size: undefined, mode: defaultMode };
}

async function readLocalFile(path: string, options: ReadUploadOptions): Promise<ReadableSource> {
  const entry = await stat(path).catch((error: unknown) => {
    throw localFileError(error, path, 'read');
  });
  if (!entry.isFile()) {
    const message = `${path} is not a file; upload a directory with uploadTree.`;
    throw new RemoteFileError(message, { path, reason: entry.isDirectory() ? 'is_directory' : 'other' });
  }
  return { stream: readFrom(path, entry.size, options), size: entry.size, mode: entry.mode & 0o7777 };
}

/** Opens the file at the first read, and gives as many bytes as were promised. */
async function* readFrom(path: string, size: number, { signal, reusesMemory = false }: ReadUploadOptions) {
  if (size === 0) return;
  const newPiece = () => Buffer.allocUnsafeSlow(Math.min(pieceBytes, size));
  const shared = reusesMemory ? ([newPiece(), newPiece()] as const) : undefined;
  let read = 0;
  try {
    signal?.throwIfAborted();
    await using file = await open(path);
    for (let turn = 0; read < size; turn++) {
      const memory = shared?.[turn % 2 === 0 ? 0 : 1] ?? newPiece();
      const { bytesRead } = await file.read(memory, 0, Math.min(memory.length, size - read), read);
      signal?.throwIfAborted();
      if (bytesRead === 0) break;
      read += bytesRead;
      yield memory.subarray(0, bytesRead);
    }
  } catch (error) {
    throw signal?.aborted === true ? error : localFileError(error, path, 'read');
  }
  if (read === size) return;
  throw new RemoteFileError(`${path} shrank while it was read.`, { path, reason: 'other' });
}

async function readHttp(url: URL, { signal }: ReadUploadOptions): Promise<ReadableSource> {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigurationError(`Cannot upload from ${url.protocol} URLs; use file:, http: or https:.`);
  }
  // The query may hold a signature, which must not get into an error.
  const path = `${url.origin}${url.pathname}`;
  const response = await fetch(url, { signal: signal ?? null }).catch((error: unknown) => {
    throw signal?.aborted === true ? error : localFileError(error, path, 'fetch');
  });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    const message = `Could not fetch ${path}: the server answered ${response.status}.`;
    throw new RemoteFileError(message, {
      path,
      reason: response.status === 404 ? 'not_found' : 'other',
      retryable: response.status >= 500,
    });
  }
  // With a content encoding the length is that of the encoded bytes.
  const length = response.headers.has('content-encoding') ? null : response.headers.get('content-length');
  return {
    stream: response.body,
    size: length === null ? undefined : Number(length),
    mode: defaultMode,
  };
}

async function* once(bytes: Uint8Array) {
  if (bytes.length > 0) yield bytes;
}
