import { crc32 } from 'node:zlib';
import { StoreError } from './errors.js';
import { type JournalRecord, journalRecordSchema } from './journal-record.js';

/** A line longer than this is damage, not a record. Bytes. */
export const maxLineBytes = 64 * 1024 * 1024;

/** A record as a line: an object whose `crc` is the CRC-32 of its `record`'s text, so that any damage shows. @throws StoreError when nobody could read it. */
export function encodeLine(record: JournalRecord): string {
  const text = JSON.stringify(record);
  const line = `{"crc":"${checksum(text)}","record":${text}}\n`;
  if (Buffer.byteLength(line) <= maxLineBytes) return line;
  throw new StoreError(
    `A record of ${Buffer.byteLength(line)} bytes is too long for a journal, which takes ${maxLineBytes}.`,
    { problem: 'unwritable' },
  );
}

/** Undefined for a line that is torn, damaged or not a journal's. `line` comes without its newline. */
export function decodeLine(line: string): JournalRecord | undefined {
  const parts = /^\{"crc":"([0-9a-f]{8})","record":(\{.*\})\}$/s.exec(line);
  const [, crc, text] = parts ?? [];
  if (text === undefined || checksum(text) !== crc) return undefined;
  const parsed = journalRecordSchema.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
