import { ConfigurationError } from '../../errors.js';
import { shellQuote } from '../shell-quote.js';

/** `export` of each variable, as sh text. @throws ConfigurationError for a name or value no environment can hold */
export function exportAssignments(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => {
      if (!/^[A-Za-z_]\w*$/.test(name)) {
        throw new ConfigurationError(
          `${JSON.stringify(name)} is no name a shell can export; use letters, digits and underscores.`,
        );
      }
      rejectNul(value, `The environment variable ${name}`);
      return `export ${name}=${shellQuote(value)}`;
    })
    .join('; ');
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
