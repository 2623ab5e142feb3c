import type { ComputerSnapshot } from '../computer-interface.js';

/** Which member of a pool has which snapshot. */
export class SnapshotHomes {
  readonly #members = new Map<string, string>();

  /** The same snapshot, known until it is removed. */
  add(snapshot: ComputerSnapshot, member: string): ComputerSnapshot {
    const { image } = snapshot;
    this.#members.set(image, member);
    const remove = async () => {
      await snapshot.remove();
      this.#members.delete(image);
    };
    return { image, remove, [Symbol.asyncDispose]: remove };
  }

  /** Undefined for an image that any member can have. */
  memberOf(image: string): string | undefined {
    return this.#members.get(image);
  }
}
