import { stat } from 'node:fs/promises';
import { type EventScope, observe } from '../events/event-scope.js';
import { ConfigurationError } from '../errors.js';
import type { ComputerView } from './computer-core.js';
import { RemoteFileError } from './errors.js';
import type { DownloadOptions, UploadOptions, UploadSource } from './computer-interface.js';

/** Writes one file, between its events. */
export async function uploadFile(
  view: ComputerView,
  source: UploadSource,
  remotePath: string,
  options: UploadOptions,
): Promise<void> {
  checkRemotePath(remotePath);
  checkMode(options.mode);
  const counted = await countedSource(source);
  await observeUpload(view, remotePath, counted.bytes, async (span) => {
    const { core } = view;
    await core.call({ ...view, scope: span }, `The upload to ${remotePath}`, options, (limits) =>
      core.implementation.upload(counted.source, remotePath, { mode: options.mode, ...limits }),
    );
  });
}

/** Reads one file, between its events. */
export async function downloadFile(
  view: ComputerView,
  remotePath: string,
  options: DownloadOptions,
): Promise<Uint8Array> {
  checkRemotePath(remotePath);
  const { core, scope } = view;
  const path = core.redactor.redact(remotePath);
  return observe(
    scope,
    {
      start: ['file.download.started', { path }],
      finished: (bytes, durationMs) => ['file.download.finished', { path, bytes: bytes.length, durationMs }],
      failed: (error, durationMs) => ['file.download.failed', { path, durationMs, error }],
    },
    async (span) => {
      const what = `The download of ${remotePath}`;
      const bytes = await core.call({ ...view, scope: span }, what, options, (limits) =>
        core.implementation.download(remotePath, { maxBytes: options.maxBytes, ...limits }),
      );
      checkDownload(core.id, remotePath, bytes, options.maxBytes);
      return bytes;
    },
  );
}

/** An implementation that ignores `maxBytes` must not hand its caller more than was allowed. */
function checkDownload(computerId: string, path: string, bytes: unknown, maxBytes = Infinity): void {
  if (!(bytes instanceof Uint8Array)) {
    throw new ConfigurationError(
      `The download of computer ${computerId} gave ${typeof bytes}; it must give a Uint8Array.`,
    );
  }
  if (bytes.length <= maxBytes) return;
  throw new RemoteFileError(`${path} has ${bytes.length} bytes, more than the ${maxBytes} allowed.`, {
    path,
    reason: 'too_large',
    computerId,
  });
}

/** `bytes` is asked at the end; `null` where nobody counted. */
export async function observeUpload(
  { core, scope }: ComputerView,
  remotePath: string,
  bytes: () => number | null,
  work: (span: EventScope) => Promise<void>,
): Promise<void> {
  const path = core.redactor.redact(remotePath);
  await observe(
    scope,
    {
      start: ['file.upload.started', { path }],
      finished: (_, durationMs) => ['file.upload.finished', { path, bytes: bytes(), durationMs }],
      failed: (error, durationMs) => ['file.upload.failed', { path, durationMs, error }],
    },
    work,
  );
}

/** @throws ConfigurationError */
export function checkRemotePath(path: string): void {
  if (path.startsWith('/') && !path.includes('\0')) return;
  throw new ConfigurationError(`${JSON.stringify(path)} is not an absolute path inside the computer.`);
}

function checkMode(mode = 0): void {
  if (Number.isInteger(mode) && mode >= 0 && mode <= 0o7777) return;
  throw new ConfigurationError(`mode is ${mode}; give permission bits, such as 0o755, from 0 to 0o7777.`);
}

/** Counts a stream of bytes as it passes. */
export function countBytes(source: AsyncIterable<Uint8Array>): {
  readonly source: AsyncIterable<Uint8Array>;
  readonly bytes: () => number;
} {
  let bytes = 0;
  async function* counting() {
    for await (const chunk of source) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  return { source: counting(), bytes: () => bytes };
}

async function countedSource(
  source: UploadSource,
): Promise<{ source: UploadSource; bytes: () => number | null }> {
  if (source instanceof Uint8Array) return { source, bytes: () => source.length };
  if (typeof source === 'string' || (source instanceof URL && source.protocol === 'file:')) {
    // The upload itself tells of a file that cannot be read.
    const size = await stat(source).then(
      (entry) => entry.size,
      () => null,
    );
    return { source, bytes: () => size };
  }
  return source instanceof URL ? { source, bytes: () => null } : countBytes(source);
}
