import { Readable } from 'node:stream';

/**
 * The body of a request of dockerode's, which it hands over by `pipe`. Each piece has left for good when the second one
 * after it is asked for, and may be overwritten then; a pipe of Node's keeps pieces for as long as it likes.
 */
export class RequestBody extends Readable {
  readonly #pieces: AsyncIterable<Uint8Array>;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    super();
    this.#pieces = pieces;
  }

  override pipe<T extends NodeJS.WritableStream>(request: T): T {
    void this.#send(request);
    return request;
  }

  /** Never rejects: dockerode passes an error of the body on to the request. */
  async #send(request: NodeJS.WritableStream): Promise<void> {
    const link = { isClosed: false, sent: () => undefined as void };
    let sending = Promise.resolve();
    // A request that is closed forgets whom it had to tell.
    const close = () => {
      link.isClosed = true;
      link.sent();
    };
    request.once('close', close);
    this.once('close', close);
    try {
      for await (const piece of this.#pieces) {
        await sending;
        if (link.isClosed) return;
        if (piece.length === 0) continue;
        sending = new Promise((resolve) => {
          link.sent = resolve;
          request.write(piece, () => resolve());
        });
      }
      await sending;
      request.end();
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
