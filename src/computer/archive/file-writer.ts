import { type FileHandle, open } from 'node:fs/promises';

/** Files up to this many bytes are written while the next ones are read. */
const smallFileBytes = 64 * 1024;
/** Small files that are written at the same time, so that memory is bounded to 2 MiB. */
const writtenAtOnce = 32;
/** Bytes of a large file that are written at once: what arrives may be pieces of 64 KiB. */
const pieceBytes = 256 * 1024;

/**
 * Writes new files. Most of the time that small ones take is waiting, so several are written together. What it is given
 * may be overwritten as soon as it asks for more.
 */
export class FileWriter {
  /** Where large files pass through: one piece is filled while the others are written. */
  #memory: Memory | undefined;
  readonly #underWay = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  /**
   * Takes all of `content`. A small file may be finished later, by `settled`.
   * @throws what the file system says, of this file or of an earlier one
   */
  async write(path: string, size: number, mode: number, content: AsyncIterable<Uint8Array>): Promise<void> {
    this.#check();
    if (size > smallFileBytes) {
      this.#memory ??= [newPiece(), newPiece(), newPiece()];
      await writeLarge(path, mode, content, this.#memory);
      return;
    }
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(Buffer.from(piece));
    const work = writeSmall(path, mode, pieces).then(
      () => void this.#underWay.delete(work),
      (error: unknown) => {
        this.#underWay.delete(work);
        this.#failure ??= { error };
      },
    );
    this.#underWay.add(work);
    if (this.#underWay.size >= writtenAtOnce) await Promise.race(this.#underWay);
  }

  /** Every file that was begun is complete. @throws what the file system says */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
    this.#check();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

type Memory = readonly [Buffer, Buffer, Buffer];

function newPiece(): Buffer {
  return Buffer.allocUnsafeSlow(pieceBytes);
}

async function writeSmall(path: string, mode: number, pieces: readonly Uint8Array[]): Promise<void> {
  await writeNew(path, mode, async (file) => {
    let position = 0;
    for (const piece of pieces) {
      await writeAll(file, piece, position);
      position += piece.length;
    }
  });
}

async function writeLarge(
  path: string,
  mode: number,
  content: AsyncIterable<Uint8Array>,
  memory: Memory,
): Promise<void> {
  await writeNew(path, mode, async (file) => {
    let [filling, next, last] = memory;
    let [bytes, position] = [0, 0];
    const underWay = new Map<Buffer, Promise<void>>();
    try {
      for await (const piece of content) {
        for (let offset = 0; offset < piece.length; ) {
          const part = piece.subarray(offset, offset + filling.length - bytes);
          filling.set(part, bytes);
          offset += part.length;
          bytes += part.length;
          if (bytes < filling.length) continue;
          const work = writeAll(file, filling, position);
          work.catch(() => undefined);
          underWay.set(filling, work);
          position += bytes;
          bytes = 0;
          [filling, next, last] = [next, last, filling];
          await underWay.get(filling);
        }
      }
      await writeAll(file, filling.subarray(0, bytes), position);
      await Promise.all(underWay.values());
    } finally {
      await Promise.allSettled(underWay.values());
    }
  });
}

async function writeNew(
  path: string,
  mode: number,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await write(file);
    // Afterwards, since the mode of `open` is subject to the process's umask.
    await file.chmod(mode & 0o777);
  } finally {
    await file.close();
  }
}

/** A full disk takes a part, and says why when it is asked for the rest. */
async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, undefined, position + written);
    written += bytesWritten;
  }
}
