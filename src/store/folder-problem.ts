import { inspect } from 'node:util';

/** Why something is no path of a run's folder, whatever is there. Undefined where it may be one. */
export function folderProblem(given: unknown, name: string): string | undefined {
  if (typeof given === 'string' && given !== '' && !given.includes('\0')) return undefined;
  return `\`${name}\` is ${inspect(given, { depth: 0 })}; give the path of a folder`;
}
