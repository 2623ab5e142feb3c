import stringWidth from 'string-width';
import type { SafeStream } from './safe-stream.js';

/**
 * Lines at the bottom of a terminal that are drawn over and over, each time in one write that the terminal shows at once
 * (https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036). Lines are overwritten rather than erased
 * first, and the cursor is never hidden: whatever ends this process, the terminal is as it was.
 *
 * Ours since log-update 7.2.0 loses the last lines of a picture that has another number of lines than the one before.
 */
export class LiveBlock {
  readonly #stream: SafeStream;
  #drawn: readonly string[] = [];
  #columns = 0;

  constructor(stream: SafeStream) {
    this.#stream = stream;
  }

  draw(lines: readonly string[], columns: number): void {
    const same = columns === this.#columns && lines.join('\n') === this.#drawn.join('\n');
    if (same) return;
    const up = this.#rowsAt(columns);
    const back = up > 0 ? `\u001b[${up}A\r` : '\r';
    const text = lines.map((line) => `${line}\u001b[K\n`).join('');
    this.#stream.write(`\u001b[?2026h${back}${text}\u001b[J\u001b[?2026l`);
    this.#drawn = lines;
    this.#columns = columns;
  }

  /** A terminal that became narrower has folded what was there. */
  #rowsAt(columns: number): number {
    return this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(stringWidth(line) / columns)), 0);
  }
}
