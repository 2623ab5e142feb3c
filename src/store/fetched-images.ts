import type { FetchedImage } from '../computer/computer-interface.js';
import type { JournalRecord } from './journal-record.js';

/** Finds in a journal what has been fetched for the run: the last copy of each image on each engine. */
export class FetchedImages {
  readonly #last = new Map<string, FetchedImage>();

  take(record: JournalRecord): void {
    if (record.type !== 'image.fetched') return;
    const { image, engine, copy } = record;
    this.#last.set(keyOf(record), { image, engine, copy });
  }

  has(fetched: FetchedImage): boolean {
    return this.#last.get(keyOf(fetched))?.copy === fetched.copy;
  }

  all(): readonly FetchedImage[] {
    return [...this.#last.values()];
  }
}

function keyOf({ image, engine }: Omit<FetchedImage, 'copy'>): string {
  return JSON.stringify([engine, image]);
}
