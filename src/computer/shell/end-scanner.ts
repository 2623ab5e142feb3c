const newline = 0x0a;
const firstByte = 0x1e;

/** Finds the frame that ends a command in one stream, wherever the stream is cut, and lets everything before it through. */
export class EndScanner {
  readonly #pattern: Buffer;
  #waiting: Buffer = Buffer.alloc(0);
  #text: string | undefined;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(id: string) {
    this.#pattern = Buffer.from(`\x1e${id}`);
  }

  /** What followed the id up to the end of the line, once all of it has arrived. */
  get text(): string | undefined {
    return this.#text;
  }

  /** What came behind the end in the piece that had it: a process that was left behind has written it. */
  get rest(): Uint8Array {
    return this.#rest;
  }

  /** The part of `chunk`, and of what waited, that is surely the command's output. */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#text !== undefined) return new Uint8Array(0);
    const bytes =
      this.#waiting.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        : Buffer.concat([this.#waiting, chunk]);
    const start = bytes.indexOf(this.#pattern);
    if (start < 0) {
      const keep = this.#possibleStart(bytes);
      this.#waiting = bytes.subarray(keep);
      return bytes.subarray(0, keep);
    }
    const end = bytes.indexOf(newline, start + this.#pattern.length);
    if (end < 0) {
      this.#waiting = bytes.subarray(start);
      return bytes.subarray(0, start);
    }
    this.#text = bytes.subarray(start + this.#pattern.length, end).toString();
    this.#rest = bytes.subarray(end + 1);
    this.#waiting = Buffer.alloc(0);
    return bytes.subarray(0, start);
  }

  /** What waited, when no more will come. */
  flush(): Uint8Array {
    const rest = this.#waiting;
    this.#waiting = Buffer.alloc(0);
    return rest;
  }

  /** Where the pattern may begin at the end of `bytes`. */
  #possibleStart(bytes: Buffer): number {
    const first = Math.max(0, bytes.length - this.#pattern.length + 1);
    for (let start = first; start < bytes.length; start++) {
      // Asked first, because comparing takes memory, and a flood comes in many pieces.
      if (bytes[start] !== firstByte) continue;
      const length = bytes.length - start;
      if (bytes.compare(this.#pattern, 0, length, start) === 0) return start;
    }
    return bytes.length;
  }
}
