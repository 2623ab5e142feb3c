import { randomBytes } from 'node:crypto';

const exitCodes = 256;

/**
 * A random word for each exit code. The command's runner alone knows them, and writes down only the one that happened,
 * so that nobody who can write to the spool can put another exit code in its place.
 */
export interface ExitTokens {
  readonly words: readonly string[];
  exitCodeOf(word: string): number | undefined;
}

export function createExitTokens(): ExitTokens {
  const words = Array.from({ length: exitCodes }, () => randomBytes(6).toString('hex'));
  return {
    words,
    exitCodeOf: (word) => {
      const exitCode = words.indexOf(word);
      return exitCode < 0 ? undefined : exitCode;
    },
  };
}
