const newline = 0x0a;

/**
 * Takes counted pieces out of a stream in which somebody else may write between them. A piece that did not arrive as a
 * whole is not given: what seems to be its end may be the other's.
 */
export class PieceScanner {
  readonly #start: Buffer;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Bytes of the piece that is arriving; 0 between two. */
  #wanted = 0;
  #hasEnded = false;

  /** `id` stands before each piece and at the end, and can be in nothing else. */
  constructor(id: string) {
    this.#start = Buffer.from(`\x1e${id}`);
  }

  /** Whether all pieces have arrived. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The pieces that are whole by now. */
  push(chunk: Uint8Array): Uint8Array {
    this.#held.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
    this.#heldBytes += chunk.length;
    if (this.#hasEnded || this.#heldBytes < this.#wanted) return new Uint8Array(0);
    let bytes = Buffer.concat(this.#held);
    const pieces: Buffer[] = [];
    for (;;) {
      if (this.#wanted === 0) {
        const start = bytes.indexOf(this.#start);
        // The beginning of one may be at the very end.
        bytes = bytes.subarray(start < 0 ? Math.max(0, bytes.length - this.#start.length + 1) : start);
        const end = start < 0 ? -1 : bytes.indexOf(newline);
        if (end < 0) break;
        const text = bytes.subarray(this.#start.length, end).toString();
        bytes = bytes.subarray(end + 1);
        if (text === '') {
          this.#hasEnded = true;
          break;
        }
        this.#wanted = Number(text);
      }
      if (bytes.length < this.#wanted) break;
      pieces.push(bytes.subarray(0, this.#wanted));
      bytes = bytes.subarray(this.#wanted);
      this.#wanted = 0;
    }
    // A copy: the buffer it is cut from may be large.
    this.#held = [Buffer.from(bytes)];
    this.#heldBytes = bytes.length;
    return Buffer.concat(pieces);
  }
}
