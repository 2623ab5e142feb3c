import type { ErrorResult } from '../../result/task-result.js';
import type { InspectError } from './log-format.js';

/** An error as results keep it. */
export type RecordedError = ErrorResult['error'];

/** An error with its causes, in the place Inspect keeps for a traceback. */
export function inspectError(error: RecordedError): InspectError {
  const traceback = [...causes(error)].map(describe).join('\nCaused by ');
  return {
    message: `${error.code}: ${error.message}`,
    traceback,
    traceback_ansi: traceback,
  };
}

function* causes(error: RecordedError): Generator<RecordedError> {
  let current: unknown = error;
  while (isError(current)) {
    yield current;
    current = current.cause;
  }
}

function isError(value: unknown): value is RecordedError {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value;
}

function describe({ name, code, message, phase, computerId, details }: RecordedError): string {
  const lines = [`${name} (${code}): ${message}`];
  if (phase !== undefined) lines.push(`  in phase ${phase}`);
  if (computerId !== undefined) lines.push(`  on computer ${computerId}`);
  if (details !== undefined) lines.push(`  ${JSON.stringify(details)}`);
  return lines.join('\n');
}
