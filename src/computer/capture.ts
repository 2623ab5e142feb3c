import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CapturedOutput, OutputOptions } from './computer-interface.js';

/** Bytes. */
export const defaultCaptureBytes = 256 * 1024;

const nothing = new Uint8Array(0);

export interface CaptureOptions extends Pick<OutputOptions, 'headBytes' | 'tailBytes'> {
  /** A local file that gets every byte. Its folder is created. */
  readonly spillPath?: string | undefined;
}

/**
 * Keeps the head and the tail of one stream of bytes, counts the rest, and never holds more than
 * `headBytes + tailBytes`. How the stream is cut into writes makes no difference.
 */
export class OutputCapture {
  readonly #headBytes: number;
  readonly #tailBytes: number;
  #head: Uint8Array = nothing;
  #headLength = 0;
  /** A ring once it is full: the oldest byte is at `#tailStart`. */
  #tail: Uint8Array = nothing;
  #tailLength = 0;
  #tailStart = 0;
  #totalBytes = 0;
  readonly #spill: SpillFile | undefined;

  constructor(options: CaptureOptions = {}) {
    this.#headBytes = options.headBytes ?? defaultCaptureBytes;
    this.#tailBytes = options.tailBytes ?? defaultCaptureBytes;
    this.#spill = options.spillPath === undefined ? undefined : new SpillFile(options.spillPath);
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Resolves when more may be written; `undefined` when that is at once, as it is without a spill file. Never rejects. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    this.#totalBytes += bytes.length;
    const forHead = Math.min(bytes.length, this.#headBytes - this.#headLength);
    if (forHead > 0) this.#keepInHead(bytes.subarray(0, forHead));
    if (forHead < bytes.length) this.#keepInTail(bytes.subarray(forHead));
    return this.#spill?.write(bytes);
  }

  /** What has been kept so far. Does not end the capture. */
  snapshot(): CapturedOutput {
    const tail = new Uint8Array(this.#tailLength);
    const older = this.#tail.subarray(this.#tailStart, this.#tailLength);
    tail.set(older);
    tail.set(this.#tail.subarray(0, this.#tailStart), older.length);
    return {
      totalBytes: this.#totalBytes,
      omittedBytes: this.#totalBytes - this.#headLength - this.#tailLength,
      head: this.#head.slice(0, this.#headLength),
      tail,
      spillPath: this.#spill?.path,
      spillError: this.#spill?.error,
    };
  }

  /** Closes the spill file and gives what was kept. Never rejects: a spill that failed is told in the result. */
  async finish(): Promise<CapturedOutput> {
    await this.#spill?.close();
    return this.snapshot();
  }

  #keepInHead(bytes: Uint8Array): void {
    this.#head = withRoomFor(this.#head, this.#headLength + bytes.length, this.#headBytes);
    this.#head.set(bytes, this.#headLength);
    this.#headLength += bytes.length;
  }

  #keepInTail(bytes: Uint8Array): void {
    const kept = bytes.length > this.#tailBytes ? bytes.subarray(bytes.length - this.#tailBytes) : bytes;
    if (this.#tailBytes === 0) return;
    const filling = Math.min(kept.length, this.#tailBytes - this.#tailLength);
    if (filling > 0) {
      this.#tail = withRoomFor(this.#tail, this.#tailLength + filling, this.#tailBytes);
      this.#tail.set(kept.subarray(0, filling), this.#tailLength);
      this.#tailLength += filling;
    }
    const replacing = kept.subarray(filling);
    const untilEnd = Math.min(replacing.length, this.#tailBytes - this.#tailStart);
    this.#tail.set(replacing.subarray(0, untilEnd), this.#tailStart);
    this.#tail.set(replacing.subarray(untilEnd), 0);
    this.#tailStart = (this.#tailStart + replacing.length) % this.#tailBytes;
  }
}

/** Bytes that are all there already, as a capture would have kept them. */
export function captureWhole(
  bytes: Uint8Array,
  options: Pick<OutputOptions, 'headBytes' | 'tailBytes'> = {},
): CapturedOutput {
  if (bytes.length === 0) return { totalBytes: 0, omittedBytes: 0, head: nothing, tail: nothing };
  // Copies, so that the capture does not hold on to all of `bytes`; the `slice` of a Buffer would share it.
  const head = new Uint8Array(bytes.subarray(0, options.headBytes ?? defaultCaptureBytes));
  const tailLength = Math.min(bytes.length - head.length, options.tailBytes ?? defaultCaptureBytes);
  return {
    totalBytes: bytes.length,
    omittedBytes: bytes.length - head.length - tailLength,
    head,
    tail: tailLength === 0 ? nothing : new Uint8Array(bytes.subarray(bytes.length - tailLength)),
  };
}

/** Doubles up to `limit`, so that a command that prints a line does not cost half a mebibyte. */
function withRoomFor(buffer: Uint8Array, needed: number, limit: number): Uint8Array {
  if (needed <= buffer.length) return buffer;
  const grown = new Uint8Array(Math.min(limit, Math.max(needed, buffer.length * 2, 1024)));
  grown.set(buffer);
  return grown;
}

class SpillFile {
  readonly path: string;
  error: string | undefined;
  #stream: WriteStream | undefined;
  /** Writes wait for each other, so that callers that do not wait keep their order. */
  #last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
  }

  async write(bytes: Uint8Array): Promise<void> {
    // The caller may reuse its buffer as soon as it is told to go on.
    const copy = new Uint8Array(bytes);
    this.#last = this.#last.then(() => this.#attempt(() => this.#append(copy)));
    return this.#last;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#attempt(async () => {
      const stream = await this.#open();
      const closed = once(stream, 'close');
      stream.end();
      await closed;
    });
    this.#stream?.destroy();
  }

  async #append(bytes: Uint8Array): Promise<void> {
    const stream = await this.#open();
    if (!stream.write(bytes)) await once(stream, 'drain');
  }

  async #open(): Promise<WriteStream> {
    if (this.#stream !== undefined) return this.#stream;
    await mkdir(dirname(this.path), { recursive: true });
    const stream = createWriteStream(this.path);
    stream.on('error', (error) => this.#fail(error));
    this.#stream = stream;
    await once(stream, 'open');
    return stream;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.error !== undefined) return;
    try {
      await work();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.error ??= error instanceof Error ? error.message : String(error);
  }
}
