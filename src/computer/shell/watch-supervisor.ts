import { setTimeout as sleep } from 'node:timers/promises';
import { parseStartFrame } from './boot.js';
import type { CommandRun } from './command-run.js';
import type { ControlShell } from './control-shell.js';
import type { ProcessIdentity } from './process-kill.js';
import { endSupervisorScript, parseSupervisorState, supervisorStateScript } from './supervisor-state.js';

/** Milliseconds; the look itself is short, but the machine may be busy, or paused while a snapshot is taken. */
const lookTimeoutMs = 30_000;
/** A long command is silent as a rule: the looks get rarer. */
const longestPauseMs = 60_000;

export interface LaneActivity {
  /** Milliseconds since something of the command was heard, 0 while its output waits for whoever takes it. */
  readonly silentMs: () => number;
}

interface SupervisorWatch {
  readonly supervisor: ProcessIdentity;
  /** What the command's shell said at its start. */
  readonly frame: () => string | undefined;
  readonly activity: LaneActivity;
  /** The command needs no watch any more. */
  readonly letGo: AbortSignal;
}

/**
 * Looks after the supervisor of a command that has been silent for a while, through the control shell. One that was
 * stopped is continued, which costs nothing, and ended when it is found stopped again. Resolves when it can no longer
 * tell the end of its command, with what befell it; it has been ended then. Stays pending otherwise. Never rejects.
 */
export async function watchSupervisor(run: CommandRun, watch: SupervisorWatch): Promise<string> {
  const { supervisor, activity, letGo } = watch;
  const { heartbeatMs } = run.engine;
  let whenStopped: 'CONT' | 'KILL' = 'CONT';
  let hasLostLeader = false;
  let pauseMs = heartbeatMs;
  while (await pause(pauseMs, letGo)) {
    if (activity.silentMs() < pauseMs) {
      pauseMs = heartbeatMs;
      hasLostLeader = false;
      continue;
    }
    const state = await look(run, watch, whenStopped);
    if (letGo.aborted) break;
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    if (state === undefined) continue;
    if (isOver(state.supervisor)) return 'was ended';
    if (state.supervisor === 'T') {
      if (whenStopped === 'KILL') return 'was stopped again and again';
      whenStopped = 'KILL';
      pauseMs = heartbeatMs;
      continue;
    }
    // It sleeps although its command's shell has ended. It may have been about to say so.
    const isWedged = state.supervisor === 'S' && state.leader !== undefined && isOver(state.leader);
    if (isWedged && hasLostLeader) {
      await run.engine.control.run(endSupervisorScript(supervisor), lookTimeoutMs).catch(() => undefined);
      return 'does not answer any more';
    }
    hasLostLeader = isWedged;
    if (isWedged) pauseMs = heartbeatMs;
  }
  return await new Promise(() => undefined);
}

/**
 * Looks ever more rarely whether the shell that waits for a command was stopped, and continues it: it could not tell the
 * command's end. Never rejects.
 */
export async function continueStopped(
  { engine }: CommandRun,
  parent: () => number | undefined,
  letGo: AbortSignal,
): Promise<void> {
  let pauseMs = engine.heartbeatMs;
  while (await pause(pauseMs, letGo)) {
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    if (await continueParent(engine.control, parent())) pauseMs = engine.heartbeatMs;
  }
}

/** Continues the shell that waits for a command where it is stopped. @returns whether it was. Never rejects. */
export async function continueParent(control: ControlShell, pid: number | undefined): Promise<boolean> {
  if (pid === undefined || pid === 0) return false;
  const script = supervisorStateScript({ supervisor: `${pid}:`, leader: undefined, whenStopped: 'CONT' });
  const output = await control.run(script, lookTimeoutMs).catch(() => '');
  return parseSupervisorState(output)?.supervisor === 'T';
}

async function look(run: CommandRun, { supervisor, frame }: SupervisorWatch, whenStopped: 'CONT' | 'KILL') {
  const start = parseStartFrame(frame() ?? '');
  const leader = start?.kind === 'started' ? `${start.pid}:${start.startTime ?? ''}` : undefined;
  try {
    const script = supervisorStateScript({ supervisor, leader, whenStopped });
    return parseSupervisorState(await run.engine.control.run(script, lookTimeoutMs));
  } catch {
    // Nobody can look. What became of the link is told elsewhere.
    return undefined;
  }
}

function isOver(state: string): boolean {
  return state === 'gone' || state === 'Z' || state === 'X';
}

async function pause(milliseconds: number, letGo: AbortSignal): Promise<boolean> {
  return await sleep(milliseconds, true, { signal: letGo, ref: false }).catch(() => false);
}
