import { setTimeout as sleep } from 'node:timers/promises';
import { parseStartFrame } from './boot.js';
import type { CommandRun } from './command-run.js';
import type { ExecutionEnd } from './execution.js';
import { countScript, parseProcessReport } from './process-kill.js';

const countTimeoutMs = 10_000;
const longestPauseMs = 500;

/**
 * The command ended its own supervisor, with `pkill sh` say, and goes on without. Its end is seen from the outside, its
 * exit code is not.
 */
export async function outliveSupervisor(
  run: CommandRun,
  frameText: () => string | undefined,
  letGo: AbortSignal,
): Promise<ExecutionEnd> {
  for (let pauseMs = 10; !letGo.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    let processes: readonly string[] | undefined;
    try {
      const output = await run.engine.control.run(countScript({ marker: run.marker }), countTimeoutMs);
      processes = parseProcessReport(output)?.processes;
    } catch (error) {
      return { kind: 'lost', error: error instanceof Error ? error : new Error(String(error)) };
    }
    const frame = parseStartFrame(frameText() ?? '');
    const leader = frame?.kind === 'started' ? `${frame.pid}:${frame.startTime ?? ''}` : undefined;
    const isRunning = leader === undefined ? processes?.length !== 0 : processes?.includes(leader);
    if (isRunning !== true) {
      return frame === undefined
        ? { kind: 'not started' }
        : { kind: 'exited', exitCode: null, leavesNothing: processes?.length === 0 };
    }
    await sleep(pauseMs);
  }
  return { kind: 'exited', exitCode: null, leavesNothing: false };
}
