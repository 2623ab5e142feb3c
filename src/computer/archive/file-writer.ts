import { type FileHandle, open } from 'node:fs/promises';

/** Files up to this many bytes are written while the next ones are read. */
const smallFileBytes = 64 * 1024;
/** Small files that are written at the same time, so that memory is bounded to 2 MiB. */
const writtenAtOnce = 32;
/** Bytes of a large file that are written at once: what arrives are pieces of 64 KiB. */
const pieceBytes = 1024 * 1024;

/** Writes new files. Most of the time that small ones take is waiting, so several are written together. */
export class FileWriter {
  readonly #underWay = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  /**
   * Takes all of `content`. A small file may be finished later, by `settled`.
   * @throws what the file system says, of this file or of an earlier one
   */
  async write(path: string, size: number, mode: number, content: AsyncIterable<Uint8Array>): Promise<void> {
    this.#check();
    if (size > smallFileBytes) {
      await writeNew(path, mode, content);
      return;
    }
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    const work = writeNew(path, mode, pieces).then(
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

async function writeNew(
  path: string,
  mode: number,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const file = await open(path, 'wx');
  try {
    let kept: Uint8Array[] = [];
    let bytes = 0;
    let writing: Promise<void> = Promise.resolve();
    try {
      for await (const piece of content) {
        kept.push(piece);
        bytes += piece.length;
        if (bytes < pieceBytes) continue;
        await writing;
        // While this is written, the next one comes in.
        writing = writeAll(file, kept, bytes);
        writing.catch(() => undefined);
        kept = [];
        bytes = 0;
      }
    } finally {
      await writing;
    }
    if (bytes > 0) await writeAll(file, kept, bytes);
    // Afterwards, since the mode of `open` is subject to the process's umask.
    await file.chmod(mode & 0o777);
  } finally {
    await file.close();
  }
}

/** Without joining the pieces first: memory that is new costs more than the writing. */
async function writeAll(file: FileHandle, pieces: readonly Uint8Array[], bytes: number): Promise<void> {
  const { bytesWritten } = await file.writev(pieces);
  // A full disk takes a part, and says why when it is asked for the rest.
  if (bytesWritten < bytes) await file.writeFile(Buffer.concat(pieces, bytes).subarray(bytesWritten));
}
