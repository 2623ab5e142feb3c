import { createHash } from 'node:crypto';

/** Inspect's own threshold. Characters. */
const longText = 100;

/** Texts that events refer to, each kept once. */
export class Attachments {
  readonly #texts = new Map<string, string>();

  /** The text itself where it is short, else a reference that readers resolve. */
  refer(text: string): string {
    if (text.length <= longText) return text;
    const key = createHash('sha256').update(text).digest('hex').slice(0, 32);
    this.#texts.set(key, text);
    return `attachment://${key}`;
  }

  entries(): Iterable<readonly [string, string]> {
    return this.#texts;
  }
}
