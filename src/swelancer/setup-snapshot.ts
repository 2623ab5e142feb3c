import type { Computer } from '../computer/computer.js';
import type { CallOptions, ComputerSnapshot } from '../computer/computer-interface.js';
import { shellQuote } from '../computer/shell-quote.js';
import type { Layout } from './layout.js';
import { harnessDirectory } from './own-git.js';

/** `failed` is what was thrown; the computer is as it was before all the same. */
export type SetupSnapshot =
  | { readonly taken: ComputerSnapshot }
  | { readonly taken: undefined; readonly failed: unknown };

/**
 * A snapshot of a ready computer, fit to be started: it does not say that it is ready, and nothing in it claims to be
 * running. Services are started anew by whoever starts from it, and only then may it be called ready. A lock that the X
 * server left would keep the next one from starting, since the process it names exists there too: numbers are small.
 * @throws what kept the computer from being put back, or the signal's reason
 */
export async function snapshotSetup(
  computer: Computer,
  layout: Layout,
  options: CallOptions,
): Promise<SetupSnapshot> {
  let outcome: SetupSnapshot;
  try {
    await computer.checkShellCommand(setAsideScript(layout), {
      ...options,
      cwd: harnessDirectory,
      label: 'set aside what says that services run',
    });
    outcome = { taken: await computer.snapshot(options) };
  } catch (failed) {
    outcome = { taken: undefined, failed };
  }
  try {
    // Not under the caller's signal: whatever happened, the computer is to be as it was.
    await computer.checkShellCommand(putBackScript(layout), {
      timeoutMs: putBackTimeoutMs,
      cwd: harnessDirectory,
      label: 'put it back',
    });
    options.signal?.throwIfAborted();
  } catch (error) {
    await outcome.taken?.remove();
    throw error;
  }
  return outcome;
}

const putBackTimeoutMs = 60_000;
/** A memory file system, so that what lies there is in no snapshot. */
const aside = '/dev/shm/swelancer-aside.tar';

/** Locks and process ids: what a reboot would not have kept. */
function setAsideScript({ readyFile, scratch }: Layout): string {
  return `
set -e
set -- $(find ${shellQuote(`${scratch}/`)} -maxdepth 1 -name '.X*-lock'; find /run -type f '(' -name '*.pid' -o -name pid ')' 2>/dev/null)
if [ $# -gt 0 ]; then tar -cf ${aside} "$@" 2>/dev/null; rm -f "$@"; fi
rm -f ${shellQuote(readyFile)}
test ! -e ${shellQuote(readyFile)}
`.trim();
}

function putBackScript({ readyFile }: Layout): string {
  return `
set -e
if [ -e ${aside} ]; then tar -xpf ${aside} -C /; rm ${aside}; fi
echo done > ${shellQuote(readyFile)}
`.trim();
}
