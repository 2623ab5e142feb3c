import type { ErrorRecord } from '../../errors.js';
import type { InspectError } from './log-format.js';

/** An error with its causes, in the place Inspect keeps for a traceback. */
export function inspectError(error: ErrorRecord): InspectError {
  const traceback = [...causes(error)].map(describe).join('\nCaused by ');
  return {
    message: `${error.code}: ${error.message}`,
    traceback,
    traceback_ansi: traceback,
  };
}

function* causes(error: ErrorRecord): Generator<ErrorRecord> {
  let current: ErrorRecord | undefined = error;
  while (current !== undefined) {
    yield current;
    current = current.cause;
  }
}

function describe({ name, code, message, phase, computerId, details }: ErrorRecord): string {
  const lines = [`${name} (${code}): ${message}`];
  if (phase !== undefined) lines.push(`  in phase ${phase}`);
  if (computerId !== undefined) lines.push(`  on computer ${computerId}`);
  if (details !== undefined) lines.push(`  ${JSON.stringify(details)}`);
  return lines.join('\n');
}
