import { crc32 } from 'node:zlib';
import { type JournalRecord, journalRecordSchema } from './journal-record.js';

/** A record as a line: an object whose `crc` is the CRC-32 of its `record`'s text, so that any damage shows. */
export function encodeLine(record: JournalRecord): string {
  const text = JSON.stringify(record);
  return `{"crc":"${checksum(text)}","record":${text}}\n`;
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
