import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { shellQuote } from '../shell-quote.js';
import { isFinal } from './call-execution.js';
import type { SendCommand } from './send-command.js';

/** What the shells around a durable command are made of. */
const programs = ['setsid', 'mkfifo', 'dd', 'head', 'tail', 'wc', 'cat', 'sleep'];

/** What came of a folder: made, or what is missing as the end of a sentence, for this command only or for good. */
export type SpoolFolder =
  | { readonly kind: 'made' }
  /** The account may not look after what another user's command has: nothing has been made. */
  | { readonly kind: 'not root' }
  | { readonly kind: 'missing'; readonly why: string; readonly isForGood: boolean };

/** Milliseconds before a look whose answer was lost is taken once more: nothing has begun by then. */
const pausesMs = [100, 400, 1600];

/**
 * Makes the folder for one durable command, and looks whether the computer has what that takes. Nothing is made where it
 * has not, nor where root is expected and the account is another. A link that breaks meanwhile is tried again, for two seconds.
 * @throws what `send` throws
 */
export async function makeSpoolFolder(
  send: SendCommand,
  folder: string,
  expectsRoot: boolean,
  signal: AbortSignal,
): Promise<SpoolFolder> {
  for (let attempt = 0; ; attempt++) {
    const pauseMs = pausesMs[attempt];
    try {
      const made = await tryToMake(send, folder, expectsRoot, signal);
      if (made !== undefined) return made;
      if (pauseMs === undefined || signal.aborted)
        return { kind: 'missing', why: 'its sh ended without a word', isForGood: false };
    } catch (error) {
      if (pauseMs === undefined || signal.aborted || isFinal(error)) throw error;
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** `undefined` where a client may have ended in place of the script. */
async function tryToMake(
  send: SendCommand,
  folder: string,
  expectsRoot: boolean,
  signal: AbortSignal,
): Promise<SpoolFolder | undefined> {
  const word = randomBytes(16).toString('hex');
  const root = expectsRoot ? `[ "$(id -u)" = 0 ] || { printf '${word} root\\n'; exit 0; }\n` : '';
  const script = `${root}for program in ${programs.join(' ')}; do
  command -v $program >/dev/null 2>&1 || { printf '${word} %s\\n' "$program"; exit 0; }
done
(umask 077 && mkdir -- ${shellQuote(folder)}) 2>/dev/null || [ -d ${shellQuote(folder)} ] || { printf '${word} folder\\n'; exit 0; }
printf '\\036${word}\\n'
printf '\\036${word}\\n' >&2`;
  const { stdout, stderr, exitCode } = await send(script, { signal });
  // Frames with control characters and a newline at the end are what the output of a durable command travels in.
  const frame = `\x1e${word}\n`;
  if (stdout.endsWith(frame) && stderr.endsWith(frame)) return { kind: 'made' };
  const missing = new RegExp(`${word} (\\S+)`).exec(stdout)?.[1];
  if (missing === 'root') return { kind: 'not root' };
  if (missing === 'folder') {
    const why = `a folder cannot be made under ${folder.slice(0, folder.lastIndexOf('/'))}`;
    return { kind: 'missing', why, isForGood: false };
  }
  if (missing !== undefined) return { kind: 'missing', why: `it has no ${missing}`, isForGood: true };
  if (exitCode !== 0) return undefined;
  if (stdout.includes(word)) {
    await send(removeFolderText(folder), { signal });
    const why = 'its stdout and stderr do not come apart from each other and byte for byte';
    return { kind: 'missing', why, isForGood: true };
  }
  return { kind: 'missing', why: 'its sh does not say what a script prints', isForGood: true };
}

/** Shell text that removes the folder and what commands of other users have beside it. */
export function removeFolderText(folder: string): string {
  return `rm -rf -- ${shellQuote(folder)} ${shellQuote(folder)}+* 2>/dev/null`;
}
