import { Transform, type TransformCallback } from 'node:stream';
import { recordStart } from './remote-program.js';

const newline = 0x0a;
/** Bytes before the first record that are kept for error messages. */
const preambleBytes = 8192;

/**
 * Takes the records of a remote program out of one of its streams. What comes before the first one is not passed on, except
 * where none ever comes: it is a banner, or a complaint. What comes after the last one is: something still writes.
 */
export class RecordFilter extends Transform {
  readonly #start: Buffer;
  readonly #onRecord: (text: string) => void;
  #held: Buffer = Buffer.alloc(0);
  #preamble: Buffer = Buffer.alloc(0);
  #hasStarted = false;

  constructor(nonce: string, onRecord: (text: string) => void) {
    super();
    this.#start = Buffer.from(`${recordStart}${nonce} `, 'latin1');
    this.#onRecord = onRecord;
  }

  /** What was said before the first record. */
  get preamble(): string {
    return Buffer.concat([this.#preamble, this.#hasStarted ? Buffer.alloc(0) : this.#held]).toString();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    for (;;) {
      const start = rest.indexOf(this.#start);
      const end = start < 0 ? -1 : rest.indexOf(newline, start);
      if (end < 0) {
        const keepFrom = start < 0 ? this.#partialStart(rest) : start;
        this.#pass(rest.subarray(0, keepFrom));
        // A copy: the buffer it is cut from may be large.
        this.#held = Buffer.from(rest.subarray(keepFrom));
        done();
        return;
      }
      this.#pass(rest.subarray(0, start));
      this.#hasStarted = true;
      this.#onRecord(rest.subarray(start + this.#start.length, end).toString());
      rest = rest.subarray(end + 1);
    }
  }

  override _flush(done: TransformCallback): void {
    this.#pass(this.#held);
    this.#held = Buffer.alloc(0);
    if (!this.#hasStarted && this.#preamble.length > 0) this.push(this.#preamble);
    done();
  }

  #pass(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#hasStarted) this.push(bytes);
    else this.#preamble = Buffer.from(Buffer.concat([this.#preamble, bytes]).subarray(-preambleBytes));
  }

  /** Where an end begins that may be the beginning of a record; the length where there is none. */
  #partialStart(bytes: Buffer): number {
    const from = Math.max(0, bytes.length - this.#start.length + 1);
    for (let index = bytes.indexOf(recordStart, from, 'latin1'); index >= 0; ) {
      if (this.#start.subarray(0, bytes.length - index).equals(bytes.subarray(index))) return index;
      index = bytes.indexOf(recordStart, index + 1, 'latin1');
    }
    return bytes.length;
  }
}
