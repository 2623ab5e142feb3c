import { headAndTail } from '../head-and-tail.js';
import { type ErrorResult, type ResultRecord, resultRecordSchema, type TaskResult } from './task-result.js';

/** Characters a record keeps of one text. What a model says last may be as long as its window. */
const textCharacters = 10_000;
/** Characters of JSON a record keeps of an object of somebody else. */
const objectCharacters = 100_000;
const patchFiles = 1_000;

/**
 * A result as a journal and memory keep it: without patch and logs, and with texts, metadata and lists cut where they are
 * long, which say how much is left out.
 */
export function recordOf(result: TaskResult): ResultRecord {
  // Objects of the schema keep the keys they know, and the record's leave out the texts.
  const record = resultRecordSchema.parse(result);
  const { message, answer, agentMetadata, patch, warnings } = record;
  const common = {
    message: shortText(message),
    answer: shortText(answer),
    agentMetadata: shortObject(agentMetadata),
    patch: patch && shortList(patch),
    warnings: warnings.map(shortError),
  };
  switch (record.status) {
    case 'scored': {
      const { explanation, scoreMetadata } = record;
      return {
        ...record,
        ...common,
        explanation: shortText(explanation),
        scoreMetadata: shortObject(scoreMetadata),
      };
    }
    case 'error':
      return { ...record, ...common, error: shortError(record.error) };
    case 'cancelled':
      return { ...record, ...common, reason: shortText(record.reason) };
  }
}

function shortText<Text extends string | undefined>(text: Text): Text | string {
  return text === undefined ? text : headAndTail(text, textCharacters);
}

function shortObject<Given extends Readonly<Record<string, unknown>> | undefined>(
  value: Given,
): Given | Record<string, unknown> {
  const characters = value === undefined ? 0 : JSON.stringify(value).length;
  return characters <= objectCharacters ? value : { leftOut: `${characters} characters of JSON` };
}

function shortError({ message, details, cause, ...error }: ErrorResult['error']): ErrorResult['error'] {
  const chain = shortObject(cause === undefined ? undefined : { cause });
  return { ...error, message: shortText(message), details: shortObject(details), ...chain };
}

function shortList(patch: NonNullable<ResultRecord['patch']>): NonNullable<ResultRecord['patch']> {
  const { files } = patch;
  if (files.length <= patchFiles) return patch;
  return { ...patch, files: files.slice(0, patchFiles), filesLeftOut: files.length - patchFiles };
}
