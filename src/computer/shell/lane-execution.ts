import { randomBytes } from 'node:crypto';
import { settledWithin } from '../deadline.js';
import { commandHeader, parseStartFrame } from './boot.js';
import { startOnChannel } from './channel-execution.js';
import type { CommandRun } from './command-run.js';
import type { StartExecution } from './execute-command.js';
import type { ExecutionEnd } from './execution.js';
import { faultSwitch } from './fault-switch.js';
import type { Lane, LaneExchange, WriteOutput } from './lane.js';
import type { LaneEnd } from './lane-text.js';
import type { LanePool } from './lane-pool.js';
import { outliveSupervisor } from './outlive-supervisor.js';
import { type LaneActivity, watchSupervisor } from './watch-supervisor.js';

/** Milliseconds for the end of a command to arrive when its supervisor has ended. */
const settleMs = 250;

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
    const { activity, write } = heard((stream, bytes) => {
      try {
        return sink.write(stream, bytes)?.catch(raise);
      } catch (error) {
        raise(error);
        return undefined;
      }
    });
    const exchange = lane.exchange({ marker: run.marker, header, nonce }, write);
    let told: LaneEnd | undefined;
    void exchange.end.then((end) => {
      told = end;
    });
    const letGo = new AbortController();
    let isWedged = false;
    const watch = { supervisor: lane.supervisor, frame: () => exchange.frame(), activity };
    const wedged = watchSupervisor(run, { ...watch, letGo: letGo.signal }).then((what) => {
      isWedged = true;
      run.engine.degraded(
        `The shell that waited for a command ${what}, so that the command's exit code is not known. It was replaced: ${run.title}`,
      );
    });
    return {
      watchesSupervisor: true,
      ended: awaitEnd(run, lane, exchange, wedged, letGo.signal),
      drained: exchange.end,
      fault,
      frame: () => parseStartFrame(exchange.frame() ?? ''),
      preamble: () => exchange.preamble(),
      stopInput: () => undefined,
      release: () => {
        letGo.abort();
        if (isWedged) {
          exchange.flush();
          lane.destroy();
        } else if (told === undefined || told.isHeld) pool.retire(lane, write);
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
  wedged: Promise<void>,
  letGo: AbortSignal,
): Promise<ExecutionEnd> {
  await Promise.race([exchange.end, lane.exit, wedged]);
  // The end may still be on its way when the supervisor has ended.
  const end = (await settledWithin(exchange.end, settleMs)) ? await exchange.end : undefined;
  if (end !== undefined) {
    // A shell that was ended before it had the whole command: nothing of it has run.
    if (exchange.frame() === undefined) return { kind: 'not started' };
    return { kind: 'exited', exitCode: end.exitCode, leavesNothing: !end.hasNewProcesses };
  }
  const exit = await Promise.race([lane.exit, wedged]);
  return exit?.kind === 'lost' ? exit : await outliveSupervisor(run, () => exchange.frame(), letGo);
}

/** Notes when output comes in. */
function heard(sink: WriteOutput): { readonly activity: LaneActivity; readonly write: WriteOutput } {
  let lastAt = performance.now();
  let waiting = 0;
  return {
    activity: { silentMs: () => (waiting > 0 ? 0 : performance.now() - lastAt) },
    write: (stream, bytes) => {
      lastAt = performance.now();
      const written = sink(stream, bytes);
      if (written === undefined) return undefined;
      waiting += 1;
      return written.finally(() => {
        waiting -= 1;
        lastAt = performance.now();
      });
    },
  };
}
