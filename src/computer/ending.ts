/** What ends once, for those who follow it: as an abort signal, and much lighter, since every call follows one. */
export class Ending {
  readonly #followers = new Set<() => void>();
  #end: { readonly reason: () => Error } | undefined;

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** The error to throw, once it has ended. It is made when it is asked for. */
  get reason(): Error | undefined {
    return this.#end?.reason();
  }

  end(reason: () => Error): void {
    if (this.#end !== undefined) return;
    this.#end = { reason };
    for (const follower of this.#followers) follower();
    this.#followers.clear();
  }

  follow(follower: () => void): void {
    this.#followers.add(follower);
  }

  leave(follower: () => void): void {
    this.#followers.delete(follower);
  }
}
