import { randomBytes } from 'node:crypto';
import { shellQuote } from '../shell-quote.js';
import type { SendCommand } from './send-command.js';

/** What the shells around a durable command are made of. */
const programs = ['setsid', 'mkfifo', 'dd', 'head', 'tail', 'wc', 'cat', 'sleep'];

/**
 * Makes the folder for one durable command, and looks whether the computer has what that takes. Nothing is made where it
 * has not. Gives what is missing, as the end of a sentence; `undefined` where nothing is. @throws what `send` throws
 */
export async function makeSpoolFolder(
  send: SendCommand,
  folder: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const word = randomBytes(16).toString('hex');
  const script = `for program in ${programs.join(' ')}; do
  command -v $program >/dev/null 2>&1 || { printf '${word} %s\\n' "$program"; exit 0; }
done
(umask 077 && mkdir -- ${shellQuote(folder)}) || { printf '${word} folder\\n'; exit 0; }
printf '\\036${word}\\n'
printf '\\036${word}\\n' >&2`;
  const { stdout, stderr } = await send(script, { signal });
  // Frames with control characters and a newline at the end are what the output of a durable command travels in.
  const frame = `\x1e${word}\n`;
  if (stdout.endsWith(frame) && stderr.endsWith(frame)) return undefined;
  const missing = new RegExp(`${word} (\\S+)`).exec(stdout)?.[1];
  if (missing === 'folder')
    return `a folder cannot be made under ${folder.slice(0, folder.lastIndexOf('/'))}`;
  if (missing !== undefined) return `it has no ${missing}`;
  if (stdout.includes(word)) {
    await send(removeFolderText(folder), { signal });
    return 'its stdout and stderr do not come apart from each other and byte for byte';
  }
  return 'its sh does not say what a script prints';
}

/** Shell text that removes the folder and what commands of other users have beside it. */
export function removeFolderText(folder: string): string {
  return `rm -rf -- ${shellQuote(folder)} ${shellQuote(folder)}.* 2>/dev/null`;
}
