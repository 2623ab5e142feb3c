import { createReadStream } from 'node:fs';
import { isMissing } from './is-missing.js';
import { decodeLine, maxLineBytes } from './journal-line.js';
import type { JournalRecord } from './journal-record.js';

export interface JournalEntry {
  /** Undefined where the line cannot be trusted. */
  readonly record: JournalRecord | undefined;
  /** Where the line ends, its newline included. Bytes. */
  readonly end: number;
  /** False for a last line without its newline: it was being written when the process died. */
  readonly complete: boolean;
}

/** The lines of a journal, one at a time, damaged ones included. An absent file has none. */
export async function* readJournal(path: string): AsyncGenerator<JournalEntry> {
  let end = 0;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  try {
    for await (const chunk of createReadStream(path, {
      highWaterMark: 256 * 1024,
    }) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let newline = chunk.indexOf(10); newline !== -1; newline = chunk.indexOf(10, from)) {
        pending.push(chunk.subarray(from, newline));
        const line = Buffer.concat(pending);
        end += pendingBytes + (newline - from) + 1;
        pending = [];
        pendingBytes = 0;
        from = newline + 1;
        yield { record: decodeLine(line.toString('utf8')), end, complete: true };
      }
      const rest = chunk.subarray(from);
      pendingBytes += rest.length;
      if (pendingBytes <= maxLineBytes) pending.push(rest);
    }
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  if (pendingBytes > 0) yield { record: undefined, end: end + pendingBytes, complete: false };
}
