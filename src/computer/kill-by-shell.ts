import type { CommandResult, KillReport } from './computer-interface.js';
import { settledWithin } from './deadline.js';
import { countScript, killScript, type ProcessReport, parseProcessReport } from './shell/process-kill.js';

interface KillByShellOptions {
  /** Value, or beginning of the value, of the marker variable that the processes carry. */
  readonly marker: string;
  /** Runs a script of ours in the computer, as a second command beside the one that is ended. */
  readonly run: (script: string, limits: { readonly timeoutMs: number }) => Promise<CommandResult>;
  /** Milliseconds from TERM to KILL. */
  readonly graceMs: number;
  /** Settles when the command has returned, so that we look again at once. */
  readonly returned: Promise<unknown>;
}

/** Milliseconds that one script of ours may take. */
const scriptTimeoutMs = 15_000;
const killRounds = 10;

/**
 * Ends marked processes by scripts of their own: TERM, grace, then KILL in rounds until a look finds none.
 * `unsupported` when the computer cannot run a second command, or has no `/proc` to look at. Never rejects.
 */
export async function killByShell({
  marker,
  run,
  graceMs,
  returned,
}: KillByShellOptions): Promise<KillReport> {
  const seen = new Set<string>();
  const look = async (script: string): Promise<Look | undefined> => {
    const report = await ask(run, script);
    if (report?.left == null) return undefined;
    for (const process of report.processes) seen.add(process);
    return { left: report.left, isProof: report.left === 0 && report.isComplete };
  };
  const query = () => ({ marker, known: [...seen] });

  let last = await look(killScript({ ...query(), signal: 'TERM' }));
  const graceEndsAt = performance.now() + graceMs;
  let hasReturned = false;
  for (let waitMs = 20; last?.isProof === false && performance.now() < graceEndsAt; waitMs *= 2) {
    const pauseMs = Math.min(waitMs, 500, graceEndsAt - performance.now());
    if (hasReturned) await pause(pauseMs);
    else hasReturned = await settledWithin(returned, pauseMs);
    last = await look(countScript(query()));
  }
  for (let round = 0; last?.isProof === false && round < killRounds; round++) {
    if (round > 0) await pause(10 * 2 ** round);
    last = await look(killScript({ ...query(), signal: 'KILL' }));
  }
  if (last === undefined) return { outcome: 'unsupported', killed: seen.size, survivors: null };
  const { left, isProof } = last;
  const killed = Math.max(seen.size - left, 0);
  if (isProof) return { outcome: 'confirmed', killed, survivors: 0 };
  return { outcome: 'unconfirmed', killed, survivors: left === 0 ? null : left };
}

interface Look {
  /** Processes that were there afterwards. */
  readonly left: number;
  /** None, and none can have been missed. */
  readonly isProof: boolean;
}

async function ask(run: KillByShellOptions['run'], script: string): Promise<ProcessReport | undefined> {
  const answer = run(script, { timeoutMs: scriptTimeoutMs });
  if (!(await settledWithin(answer, scriptTimeoutMs))) return undefined;
  try {
    return parseProcessReport((await answer).stdout);
  } catch {
    return undefined;
  }
}

async function pause(milliseconds: number): Promise<void> {
  await settledWithin(new Promise(() => undefined), milliseconds);
}
