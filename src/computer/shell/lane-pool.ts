import { randomBytes } from 'node:crypto';
import { settledWithin } from '../deadline.js';
import { saysUnknownUser } from './command-errors.js';
import { type Lane, type LaneRequest, LaneUnavailableError, openLane, type WriteOutput } from './lane.js';
import type { ProcessIdentity } from './process-kill.js';
import type { LaneEnd } from './lane-text.js';
import type { ShellTransport } from './shell-transport.js';

/** The lanes of one computer, kept for each user apart. */
export interface LanePool {
  /** A lane nobody uses; `undefined` when all stay in use, or when this machine cannot have lanes. */
  take(user: string | undefined, signal: AbortSignal): Promise<Lane | undefined>;
  /** Gives a lane back for the next command. */
  put(lane: Lane): void;
  /** Keeps reading from a lane that something left behind may still write to, and gives it no command before that has gone. */
  retire(lane: Lane, write: WriteOutput): void;
  /** Ends the lanes nobody uses. Gives the supervisors of all lanes that may still run. */
  endIdle(): readonly ProcessIdentity[];
  close(): void;
}

/** For each user. More commands at once get a channel each. */
const maximumLanes = 8;
/**
 * Milliseconds. While lanes are handed out, short commands run, and waiting for the next one beats opening a channel. When
 * none has been handed out for so long, all of them run something long.
 */
const waitMs = 250;
/** Milliseconds after which a link may have gone half-open without anybody having noticed. */
const trustedIdleMs = 15_000;
const pingTimeoutMs = 5000;
/** Milliseconds for a lane that is given up to end by itself. */
const giveUpMs = 1000;
/**
 * Milliseconds before lanes are tried again for a user for whom no shell answered: it may have been a moment's lack of
 * processes.
 */
const retryMs = 60_000;

export function createLanePool(transport: ShellTransport, onUnavailable: (reason: string) => void): LanePool {
  const idle: IdleLane[] = [];
  const retired = new Map<Lane, WriteOutput>();
  /** Not among the lanes that new ones have to leave room for. */
  const uncounted = new WeakSet<Lane>();
  const waiting = new Set<Waiter>();
  const lastTaken = new Map<string | undefined, number>();
  const counts = new Map<string | undefined, number>();
  const supervisors = new Set<ProcessIdentity>();
  /** Until when no lane is tried, in milliseconds. A user who cannot have one says nothing about the others. */
  const unavailable = new Map<string | undefined, number>();
  let isClosed = false;

  const count = (user: string | undefined, change: number) =>
    counts.set(user, (counts.get(user) ?? 0) + change);

  const giveUpRoom = (lane: Lane) => {
    if (uncounted.has(lane)) return;
    uncounted.add(lane);
    count(lane.user, -1);
  };

  /** Its room is free at once: its end may take a moment to be seen. */
  const discard = (lane: Lane) => {
    giveUpRoom(lane);
    lane.destroy();
  };

  /** Its end is waited for, so that whoever gets its room does not meet it on the way out. */
  const giveUp = (lane: Lane) => {
    const index = idle.findIndex((entry) => entry.lane === lane);
    if (index >= 0) idle.splice(index, 1);
    giveUpRoom(lane);
    lane.end();
    void settledWithin(lane.drained, giveUpMs).then(() => lane.destroy());
  };

  /** @returns whether it stays: somebody who waits for a channel may have its room at once */
  const rest = (lane: Lane): boolean => {
    const entry: IdleLane = { lane, since: performance.now(), withdraw: () => undefined };
    idle.push(entry);
    entry.withdraw = lane.offer(() => giveUp(lane));
    return idle.includes(entry);
  };

  const takeIdle = async (user: string | undefined): Promise<Lane | undefined> => {
    for (;;) {
      // The one used last: the others may be idle for long enough to be doubted.
      const index = idle.findLastIndex(({ lane }) => lane.user === user);
      const [found] = index < 0 ? [] : idle.splice(index, 1);
      if (found === undefined) return undefined;
      const { lane, since, withdraw } = found;
      withdraw();
      if (!lane.hasEnded() && (performance.now() - since < trustedIdleMs || (await answers(lane))))
        return lane;
      discard(lane);
    }
  };

  /** One whose background processes have ended meanwhile. */
  const takeRetired = async (user: string | undefined): Promise<Lane | undefined> => {
    if (transport.isStalledByHeldStreams !== true) return undefined;
    for (const [lane, write] of [...retired]) {
      if (lane.user !== user || !retired.delete(lane)) continue;
      const end = await exchange(lane, 'holders', write);
      if (end?.isHeld === false && !isClosed) {
        uncounted.delete(lane);
        count(user, 1);
        return lane;
      }
      if (end === undefined || isClosed) discard(lane);
      else retired.set(lane, write);
    }
    return undefined;
  };

  const open = async (user: string | undefined, signal: AbortSignal): Promise<Lane | undefined> => {
    if (performance.now() < (unavailable.get(user) ?? 0)) return undefined;
    count(user, 1);
    try {
      const lane = await openLane(transport, user, signal);
      supervisors.add(lane.supervisor);
      void lane.exit.then((exit) => {
        giveUpRoom(lane);
        // Without an exit code nobody has seen its end: the channel was let go of.
        if (exit.kind === 'exited' && exit.exitCode !== null) supervisors.delete(lane.supervisor);
      });
      if (isClosed) lane.destroy();
      return lane;
    } catch (error) {
      count(user, -1);
      if (!(error instanceof LaneUnavailableError)) throw error;
      // The command's own error will say that there is no such user.
      if (!unavailable.has(user) && !saysUnknownUser(error.message)) onUnavailable(error.message);
      unavailable.set(user, error.isForGood ? Infinity : performance.now() + retryMs);
      return undefined;
    }
  };

  /** First come, first served. `undefined` when the lanes run something long, or the signal fires. */
  const nextFree = async (user: string | undefined, signal: AbortSignal): Promise<Lane | undefined> =>
    await new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const end = (lane: Lane | undefined) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        waiting.delete(waiter);
        resolve(lane);
      };
      const giveUp = () => end(undefined);
      const watch = () => {
        const leftMs = (lastTaken.get(user) ?? 0) + waitMs - performance.now();
        if (leftMs <= 0) giveUp();
        else timer = setTimeout(watch, leftMs);
      };
      const waiter: Waiter = { user, give: end };
      waiting.add(waiter);
      signal.addEventListener('abort', giveUp, { once: true });
      watch();
    });

  return {
    take: async (user, signal) => {
      if (isClosed) return undefined;
      // To begin with too: nobody knows yet how long the first ones take.
      if (!lastTaken.has(user)) lastTaken.set(user, performance.now());
      const isFull = () => {
        const lanes = counts.get(user) ?? 0;
        return lanes >= maximumLanes || (lanes > 0 && transport.hasRoom?.() === false);
      };
      const lane =
        (await takeIdle(user)) ??
        (await takeRetired(user)) ??
        (isFull() ? await nextFree(user, signal) : await open(user, signal));
      if (lane !== undefined) lastTaken.set(user, performance.now());
      return lane;
    },
    put: (lane) => {
      if (isClosed || lane.hasEnded()) {
        discard(lane);
        return;
      }
      // Whoever waits for a channel goes first: those who wait for a lane would otherwise never leave one to it.
      if (!rest(lane)) return;
      const first = [...waiting].find(({ user }) => user === lane.user);
      if (first === undefined) return;
      idle.pop()?.withdraw();
      first.give(lane);
    },
    retire: (lane, write) => {
      giveUpRoom(lane);
      retired.set(lane, write);
      // The supervisor ends, so that a transport sees that only what was left behind uses the channel.
      if (transport.isStalledByHeldStreams !== true) lane.end();
      void lane.drained.then(() => {
        retired.delete(lane);
        lane.destroy();
      });
    },
    endIdle: () => {
      for (const { lane } of idle.splice(0)) discard(lane);
      return [...supervisors];
    },
    close: () => {
      isClosed = true;
      for (const { lane } of idle.splice(0)) lane.destroy();
      for (const lane of retired.keys()) lane.destroy();
      retired.clear();
    },
  };
}

interface IdleLane {
  readonly lane: Lane;
  readonly since: number;
  /** From then on it is not given up for somebody who waits for a channel. */
  withdraw: () => void;
}

interface Waiter {
  readonly user: string | undefined;
  readonly give: (lane: Lane) => void;
}

async function answers(lane: Lane): Promise<boolean> {
  return (await exchange(lane, 'ping', () => undefined)) !== undefined;
}

/** Asks a lane that runs nothing. */
async function exchange(
  lane: Lane,
  marker: LaneRequest['marker'],
  write: WriteOutput,
): Promise<LaneEnd | undefined> {
  const { end } = lane.exchange({ marker, header: '', nonce: randomBytes(16).toString('hex') }, write);
  return (await settledWithin(end, pingTimeoutMs)) ? await end : undefined;
}
