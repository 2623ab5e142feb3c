/** What a display needs of a stream. `process.stderr` is one, and so is any other writable stream. */
export type TextStream = Pick<NodeJS.WritableStream, 'write' | 'on' | 'off'> & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  readonly writableNeedDrain?: boolean | undefined;
  readonly hasColors?: (() => boolean) | undefined;
};

/** Writes to somebody else's stream, whose failures are not ours: a run goes on whether or not anybody can watch it. */
export class SafeStream implements Disposable {
  readonly #stream: TextStream;

  constructor(stream: TextStream) {
    this.#stream = stream;
    stream.on('error', ignore);
  }

  /** Whether its reader keeps up. */
  get isReady(): boolean {
    return this.#stream.writableNeedDrain !== true;
  }

  write(text: string): void {
    try {
      this.#stream.write(text);
    } catch {
      // Nobody is watching.
    }
  }

  /** Errors of what was written before are still to come. */
  [Symbol.dispose](): void {
    const off = () => void this.#stream.off('error', ignore);
    try {
      // A stream calls back before it tells of the error.
      this.#stream.write('', () => void setImmediate(off).unref());
    } catch {
      off();
    }
  }
}

function ignore(): void {
  // Nobody is watching.
}
