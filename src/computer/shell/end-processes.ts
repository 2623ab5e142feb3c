import { setTimeout as sleep } from 'node:timers/promises';
import type { KillReport } from '../computer-interface.js';
import { settledWithin } from '../deadline.js';
import type { ControlShell } from './control-shell.js';
import {
  countScript,
  type KillSignal,
  killScript,
  type ProcessIdentity,
  type ProcessQuery,
  type ProcessReport,
  parseProcessReport,
} from './process-kill.js';

/** Milliseconds a single look or kill may take on a machine that is busy. */
const scriptTimeoutMs = 10_000;
/** What has been killed may take a while to be gone on a busy machine. */
const killRounds = 30;
/** How long others on the machine may start processes too fast for a complete look, when none is seen. Milliseconds. */
const stormMs = 10_000;
const firstPauseMs = 10;
const longestPauseMs = 250;

export interface EndOptions {
  readonly control: ControlShell;
  readonly query: ProcessQuery;
  /** Milliseconds from TERM to KILL. 0 kills at once. */
  readonly graceMs: number;
  /** Settles when the main process has ended, which is when a look is worth it. */
  readonly mainEnded?: Promise<unknown> | undefined;
  /** Processes of the harness's own, which are ended with the rest and not counted. */
  readonly own?: readonly ProcessIdentity[] | undefined;
}

/**
 * Ends every process of a command: TERM, time to finish, then KILL in rounds until a look finds none left.
 * Never rejects; what could not be done is in the report.
 */
export async function endProcesses({
  control,
  query,
  graceMs,
  mainEnded,
  own = [],
}: EndOptions): Promise<KillReport> {
  const seen = new Set<ProcessIdentity>();
  const known = query.known ?? [];
  let report: ProcessReport | undefined;
  let mainHasEnded = mainEnded === undefined;
  void mainEnded?.then(() => {
    mainHasEnded = true;
  });
  const run = async (script: (query: ProcessQuery) => string): Promise<void> => {
    const output = await control.run(script({ ...query, known: [...known, ...seen] }), scriptTimeoutMs);
    report = parseProcessReport(output);
    for (const identity of report?.processes ?? []) seen.add(identity);
  };
  const send = (signal: KillSignal) => run((target) => killScript({ ...target, signal }));
  const pause = async (milliseconds: number) => {
    await (mainEnded === undefined || mainHasEnded
      ? sleep(milliseconds)
      : settledWithin(mainEnded, milliseconds));
  };

  try {
    if (graceMs > 0) {
      await send('TERM');
      const graceEnds = performance.now() + graceMs;
      for (let waitMs = firstPauseMs; isLeft(report); waitMs = Math.min(waitMs * 2, longestPauseMs)) {
        const remainingMs = graceEnds - performance.now();
        if (remainingMs <= 0 || (isBlind(report) && mainHasEnded)) break;
        await pause(Math.min(waitMs, remainingMs));
        if (!isBlind(report)) await run(countScript);
      }
    }
    const givenUpAt = performance.now() + stormMs;
    for (let round = 0; round < killRounds && isLeft(report); round++) {
      if (round > 0) await sleep(Math.min(firstPauseMs * round, longestPauseMs));
      await send('KILL');
      if (isBlind(report) || (report?.left === 0 && performance.now() > givenUpAt)) break;
    }
  } catch {
    // The machine or the link may be gone. The report says that nobody saw the end.
    return { outcome: 'unconfirmed', killed: 0, survivors: null };
  }
  if (report === undefined || report.left === null)
    return { outcome: 'unconfirmed', killed: 0, survivors: null };
  for (const identity of own) seen.delete(identity);
  const killed = Math.max(seen.size - report.left, 0);
  if (!isLeft(report)) return { outcome: 'confirmed', killed, survivors: 0 };
  return { outcome: 'unconfirmed', killed, survivors: report.left === 0 ? null : report.left };
}

/** None left counts only where the look was complete. */
function isLeft(report: ProcessReport | undefined): boolean {
  return report === undefined || report.left !== 0 || !report.isComplete;
}

/** There is nothing to look at processes with, so that more rounds would not tell more. */
function isBlind(report: ProcessReport | undefined): boolean {
  return report?.left === null;
}
