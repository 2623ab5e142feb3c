import { getEventListeners } from 'node:events';
import type { Computer } from '../../computer/computer.js';
import { readLineFunction } from '../../computer/shell/read-line.js';
import { shellQuote } from '../../computer/shell-quote.js';
import { ConformanceFailure, expectSoon } from './assertions.js';

/** The environment variable that the processes of a case carry. */
export const caseVariable = 'SWELANCER_CONFORMANCE';

/** Milliseconds for one look. */
const lookTimeoutMs = 30_000;

/** How many processes carry the token of a case, as `computer` sees it. */
export async function countProcesses(computer: Computer, token: string): Promise<number> {
  // Built-ins only: `grep` programs differ in what they make of the NUL bytes in these files.
  const script = `${readLineFunction}
count=0
for file in /proc/[0-9]*/environ; do
  unread=yes
  while [ $unread = yes ]; do
    swelancer_read_line
    case $line in *${caseVariable}=${token}*) count=$((count + 1)); break ;; esac
  done <"$file"
done 2>/dev/null
echo $count`;
  const options = { timeoutMs: lookTimeoutMs, label: 'look for processes of the case' };
  return Number((await computer.checkShellCommand(script, options)).stdout);
}

/** @throws ConformanceFailure for processes that do not end by themselves soon */
export async function expectNoProcesses(computer: Computer, token: string): Promise<void> {
  let count = 0;
  await expectSoon('no process of the case is left', async () => {
    count = await countProcesses(computer, token);
    return count === 0;
  }).catch((error: unknown) => {
    if (!(error instanceof ConformanceFailure)) throw error;
    throw new ConformanceFailure(`${count} processes of the case are left on the computer.`, {
      cause: error,
    });
  });
}

/** Removes a case's folder, where there is one. @throws ConformanceFailure for files in it that the case did not ask for */
export async function expectNoStrayFiles(
  computer: Computer,
  folder: string,
  names: ReadonlySet<string>,
): Promise<void> {
  const path = shellQuote(folder);
  const list = await computer.checkShellCommand(
    // Not `ls`, which may show other names than there are.
    `cd ${path} 2>/dev/null && for name in * .*; do
  case $name in . | ..) ;; *) if [ -e "$name" ] || [ -L "$name" ]; then printf '%s\\n' "$name"; fi ;; esac
done; cd /; chmod -R u+rwx ${path} 2>/dev/null; rm -rf ${path}`,
    { timeoutMs: 4 * lookTimeoutMs, label: 'remove the files of the case' },
  );
  const stray = list.stdout.split('\n').filter((name) => name !== '' && !names.has(name));
  if (stray.length > 0) throw new ConformanceFailure(`There are stray files: ${stray.join(', ')}.`);
}

export function expectNoListeners(signals: readonly AbortSignal[]): void {
  const count = signals.reduce((sum, signal) => sum + getEventListeners(signal, 'abort').length, 0);
  if (count > 0) throw new ConformanceFailure(`${count} listeners are left on the caller's abort signals.`);
}

const processEvents = [
  'exit',
  'beforeExit',
  'uncaughtException',
  'unhandledRejection',
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
];

/** How many handlers this process has for its own end. A library adds none. */
export function countProcessHandlers(): number {
  return processEvents.reduce((sum, name) => sum + process.listenerCount(name), 0);
}
