import { type ResultRecord, resultRecordSchema, type TaskResult } from './task-result.js';

/** A result without its long texts, as a journal keeps it. */
export function recordOf(result: TaskResult): ResultRecord {
  // Objects of the schema keep the keys they know, and the record's leave out the texts.
  return resultRecordSchema.parse(result);
}
