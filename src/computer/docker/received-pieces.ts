import { connect, type Socket } from 'node:net';

/** Bytes of one piece. Few enough for all of them to stay in a processor's cache: 1 MiB takes twice the system's time. */
const pieceBytes = 512 * 1024;
const pieceCount = 5;
/** Pieces that are the reader's. The others are filled meanwhile. */
const heldCount = 2;

/** What a connection sends, received into memory that is used again. */
export class ReceivedPieces {
  readonly #memory = Array.from({ length: pieceCount }, () => Buffer.allocUnsafeSlow(pieceBytes));
  readonly #socket: Socket;
  /** Pieces that are full, and those of them that the reader is done with. */
  #filled = 0;
  #free = 0;
  /** Bytes in the piece that is being filled. */
  #bytes = 0;
  #end: { readonly error?: Error | undefined } | undefined;
  #wake: () => void = () => undefined;

  constructor(path: string) {
    this.#socket = connect({
      path,
      onread: {
        buffer: () => this.#piece(this.#filled).subarray(this.#bytes),
        callback: (bytes) => {
          this.#bytes += bytes;
          if (this.#bytes === pieceBytes) {
            this.#filled++;
            this.#bytes = 0;
          }
          this.#wake();
          // Where the next piece is still with the reader, reading goes on when it is given back.
          return this.#filled - this.#free < pieceCount;
        },
      },
    });
    this.#socket.once('end', () => this.#ended());
    this.#socket.once('error', (error) => this.#ended(error));
    this.#socket.once('close', () => this.#ended(new Error('The connection was closed.')));
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** Ends the connection: with an error for whoever still reads. */
  readonly destroy = (error = new Error('The connection was let go of.')): void => {
    this.#ended(error);
    this.#socket.destroy();
  };

  /**
   * What comes first, up to and with `mark`, or `undefined` when the connection ends before, or the first piece is full.
   * The bytes after it are left for `read`.
   */
  async firstUpTo(mark: string): Promise<Buffer | undefined> {
    for (;;) {
      const received = this.#piece(0).subarray(0, this.#filled > 0 ? pieceBytes : this.#bytes);
      const at = received.indexOf(mark);
      if (at >= 0) return received.subarray(0, at + mark.length);
      if (this.#end !== undefined || this.#filled > 0) return undefined;
      await this.#news();
    }
  }

  /**
   * All that comes after the first `offset` bytes. Each piece is overwritten when the second one after it is asked for;
   * all of them but the first and the last have one size. Ends the connection. @throws what breaks the connection
   */
  async *read(offset: number): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (let count = 0; ; count++) {
        if (count - this.#free >= heldCount) {
          this.#free++;
          this.#socket.resume();
        }
        while (count === this.#filled && this.#end === undefined) await this.#news();
        if (this.#end?.error !== undefined) throw this.#end.error;
        const isLast = count === this.#filled;
        const piece = this.#piece(count).subarray(
          count === 0 ? offset : 0,
          isLast ? this.#bytes : pieceBytes,
        );
        if (piece.length > 0) yield piece;
        if (isLast) return;
      }
    } finally {
      this.destroy();
    }
  }

  #piece(count: number): Buffer {
    const piece = this.#memory[count % pieceCount];
    if (piece === undefined) throw new RangeError('There is no such piece.');
    return piece;
  }

  #ended(error?: Error): void {
    this.#end ??= { error };
    this.#wake();
  }

  async #news(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
