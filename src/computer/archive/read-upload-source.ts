import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
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

/** Opens a local path, a `file:` or `http(s):` URL, bytes or a stream. @throws RemoteFileError, ConfigurationError */
export async function readUploadSource(
  source: UploadSource,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ReadableSource> {
  if (typeof source === 'string') return readLocalFile(source, signal);
  if (source instanceof URL) {
    return source.protocol === 'file:'
      ? readLocalFile(fileURLToPath(source), signal)
      : readHttp(source, signal);
  }
  if (source instanceof Uint8Array) {
    return { stream: once(source), size: source.length, mode: defaultMode };
  }
  return { stream: source, size: undefined, mode: defaultMode };
}

async function readLocalFile(path: string, signal: AbortSignal | undefined): Promise<ReadableSource> {
  const entry = await stat(path).catch((error: unknown) => {
    throw localFileError(error, path, 'read');
  });
  if (!entry.isFile()) {
    const message = `${path} is not a file; upload a directory with uploadTree.`;
    throw new RemoteFileError(message, { path, reason: entry.isDirectory() ? 'is_directory' : 'other' });
  }
  return { stream: readFrom(path, entry.size, signal), size: entry.size, mode: entry.mode & 0o7777 };
}

/** Opens the file at the first read, and gives as many bytes as were promised. */
async function* readFrom(path: string, size: number, signal: AbortSignal | undefined) {
  if (size === 0) return;
  let read = 0;
  try {
    const file: AsyncIterable<Uint8Array> = createReadStream(path, {
      end: size - 1,
      highWaterMark: pieceBytes,
      signal,
    });
    for await (const chunk of file) {
      read += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw signal?.aborted === true ? error : localFileError(error, path, 'read');
  }
  if (read === size) return;
  throw new RemoteFileError(`${path} shrank while it was read.`, { path, reason: 'other' });
}

async function readHttp(url: URL, signal: AbortSignal | undefined): Promise<ReadableSource> {
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
