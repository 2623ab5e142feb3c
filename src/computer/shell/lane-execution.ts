import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { settledWithin } from '../deadline.js';
import { commandHeader, parseStartFrame } from './boot.js';
import { startOnChannel } from './channel-execution.js';
import type { CommandRun } from './command-run.js';
import type { StartExecution } from './execute-command.js';
import type { ExecutionEnd } from './execution.js';
import { faultSwitch } from './fault-switch.js';
import type { Lane, LaneExchange } from './lane.js';
import type { LaneEnd } from './lane-text.js';
import type { LanePool } from './lane-pool.js';
import { countScript, parseProcessReport } from './process-kill.js';

/** Milliseconds for the end of a command to arrive when its supervisor has ended. */
const settleMs = 250;
const countTimeoutMs = 10_000;
const longestPauseMs = 500;

/** Hands commands to lanes, and to a channel of its own whatever no lane is free for. */
export function startOnLane(pool: LanePool): StartExecution {
  return async (run, sink, signal) => {
    const lane = await pool.take(run.options.user, signal);
    if (lane === undefined) return await startOnChannel(run, sink, signal);
    if (signal.aborted) {
      pool.put(lane);
      signal.throwIfAborted();
    }
    const nonce = randomBytes(16).toString('hex');
    const header = commandHeader({ ...run, nonce, keepsStdin: false });
    const { fault, raise } = faultSwitch();
    const exchange = lane.exchange({ marker: run.marker, header, nonce }, async (stream, bytes) => {
      await sink.write(stream, bytes).catch(raise);
    });
    let told: LaneEnd | undefined;
    void exchange.end.then((end) => {
      told = end;
    });
    const letGo = new AbortController();
    return {
      ended: awaitEnd(run, lane, exchange, letGo.signal),
      drained: exchange.end,
      fault,
      frame: () => parseStartFrame(exchange.frame() ?? ''),
      preamble: () => exchange.preamble(),
      stopInput: () => undefined,
      release: () => {
        letGo.abort();
        if (told === undefined || told.isHeld) pool.retire(lane);
        else pool.put(lane);
      },
      abandon: () => {
        letGo.abort();
        exchange.flush();
        lane.destroy();
      },
    };
  };
}

async function awaitEnd(
  run: CommandRun,
  lane: Lane,
  exchange: LaneExchange,
  letGo: AbortSignal,
): Promise<ExecutionEnd> {
  await Promise.race([exchange.end, lane.exit]);
  // The end may still be on its way when the supervisor has ended.
  const end = (await settledWithin(exchange.end, settleMs)) ? await exchange.end : undefined;
  if (end !== undefined) {
    // A shell that was ended before it had the whole command: nothing of it has run.
    if (exchange.frame() === undefined) return { kind: 'not started' };
    return { kind: 'exited', exitCode: end.exitCode, leavesNothing: !end.hasNewProcesses };
  }
  const exit = await lane.exit;
  return exit.kind === 'lost' ? exit : await outliveSupervisor(run, exchange, letGo);
}

/**
 * The command ended its own supervisor, with `pkill sh` say, and goes on without. Its end is seen from the outside, its
 * exit code is not.
 */
async function outliveSupervisor(
  run: CommandRun,
  exchange: LaneExchange,
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
    const frame = parseStartFrame(exchange.frame() ?? '');
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
