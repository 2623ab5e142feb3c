import { ConfigurationError } from '../../errors.js';
import { shellQuote } from '../shell-quote.js';

/**
 * `export` of each variable, as sh text. Where the shell keeps a name for itself, as Bash keeps `UID`, its own value stays:
 * `command` has it go on. @throws ConfigurationError for a name or value no environment can hold
 */
export function exportAssignments(environment: Readonly<Record<string, string>>): string {
  const exports = Object.entries(environment).map(([name, value]) => {
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      throw new ConfigurationError(
        `${JSON.stringify(name)} is no name a shell can export; use letters, digits and underscores.`,
      );
    }
    rejectNul(value, `The environment variable ${name}`);
    return `command export ${name}=${shellQuote(value)}`;
  });
  return exports.length === 0 ? '' : `{ ${exports.join('; ')}; } 2>/dev/null`;
}

/** `text` as one line that `printf %b` turns back into it. */
export function printfLine(text: string): string {
  return text.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
}

/** @throws ConfigurationError */
export function rejectNul(text: string, what: string): void {
  if (text.includes('\0'))
    throw new ConfigurationError(`${what} contains a NUL character; no process can get one.`);
}
