import { randomBytes } from 'node:crypto';
import type { OutputStream } from '../computer-interface.js';
import { settledWithin } from '../deadline.js';
import { EndScanner } from './end-scanner.js';
import { FrameScanner } from './frame-scanner.js';
import { laneBootText } from './boot.js';
import { type LaneEnd, laneText, parseLaneEnd } from './lane-text.js';
import type { ProcessIdentity } from './process-kill.js';
import { readChunks, type Taken } from './read-chunks.js';
import type { ChannelExit, ShellChannel, ShellTransport } from './shell-transport.js';

/** A supervisor inside that takes one command after another. */
export interface Lane {
  readonly user: string | undefined;
  readonly supervisor: ProcessIdentity;
  /** The supervisor's own end. */
  readonly exit: Promise<ChannelExit>;
  /** Both streams have ended. Never rejects. */
  readonly drained: Promise<unknown>;
  hasEnded(): boolean;
  /** One at a time. `write` must not reject. */
  exchange(request: LaneRequest, write: WriteOutput): LaneExchange;
  /** No more commands: the supervisor ends when the one it runs has. Its streams stay. */
  end(): void;
  /** Lets go of the streams; the supervisor ends with its stdin. */
  destroy(): void;
  /** As a channel's: it runs nothing for now. */
  offer(giveUp: () => void): () => void;
}

export interface LaneRequest {
  /** Of the command's processes. `ping` asks for an answer only, `holders` whether anybody else has the lane's streams open. */
  readonly marker: string;
  /** What `commandHeader` gives; it begins with `nonce`. */
  readonly header: string;
  readonly nonce: string;
}

export type WriteOutput = (stream: OutputStream, bytes: Uint8Array) => Taken;

export interface LaneExchange {
  /** The end as the supervisor told it, on both streams; `undefined` when the streams ended before. Never rejects. */
  readonly end: Promise<LaneEnd | undefined>;
  frame(): string | undefined;
  preamble(): string;
  /** Gives out what was held back because an end might have followed. */
  flush(): void;
}

/** There is no `setsid`, or no shell that answers. */
export class LaneUnavailableError extends Error {
  /** The machine lacks what a lane needs, and will go on to. */
  readonly isForGood: boolean;

  constructor(message: string, isForGood: boolean) {
    super(message);
    this.isForGood = isForGood;
  }
}

/** Milliseconds. Long, because a busy machine is not one without lanes. */
const greetingTimeoutMs = 10_000;
const complaintCharacters = 500;

/** @throws LaneUnavailableError, and what the transport throws */
export async function openLane(
  transport: ShellTransport,
  user: string | undefined,
  signal: AbortSignal,
): Promise<Lane> {
  const argv = ['sh', '-c', laneText, 'sh', laneBootText];
  const channel = await transport.open({ argv, environment: {}, user }, { signal });
  if (signal.aborted) {
    channel.destroy();
    signal.throwIfAborted();
  }
  const streams = readStreams(channel);
  let ended = false;
  void channel.exit.then(() => {
    ended = true;
  });
  let supervisor: ProcessIdentity;
  try {
    supervisor = await greet(channel, streams);
  } catch (error) {
    channel.destroy();
    throw error;
  }
  return {
    user,
    supervisor,
    exit: channel.exit,
    drained: streams.drained,
    hasEnded: () => ended || channel.stdin.destroyed,
    exchange: (request, write) => {
      const id = randomBytes(16).toString('hex');
      const exchange = followExchange(streams, id, request.nonce, write);
      channel.stdin.write(`${id} ${request.marker}\n${request.header}`);
      return exchange;
    },
    end: () => channel.stdin.end(),
    destroy: () => channel.destroy(),
    offer: (giveUp) => channel.offer?.(giveUp) ?? (() => undefined),
  };
}

interface LaneStreams {
  /** Gets what arrives; without one it is dropped. */
  consumer: WriteOutput | undefined;
  readonly drained: Promise<unknown>;
}

function readStreams(channel: ShellChannel): LaneStreams {
  const streams: { consumer: WriteOutput | undefined; drained: Promise<unknown> } = {
    consumer: undefined,
    drained: Promise.resolve(),
  };
  streams.drained = Promise.all([
    readChunks(channel.stdout, (bytes) => streams.consumer?.('stdout', bytes)),
    readChunks(channel.stderr, (bytes) => streams.consumer?.('stderr', bytes)),
  ]);
  return streams;
}

/** Gives the supervisor. Whatever a login or an image prints first is in front of the nonce, and dropped. */
async function greet(channel: ShellChannel, streams: LaneStreams): Promise<ProcessIdentity> {
  const nonce = randomBytes(16).toString('hex');
  const scanner = new FrameScanner(nonce);
  let complaint = '';
  const greeted = new Promise<void>((resolve) => {
    streams.consumer = (stream, bytes) => {
      if (stream === 'stdout') scanner.push(bytes);
      else complaint = (complaint + Buffer.from(bytes).toString()).slice(-complaintCharacters);
      if (scanner.frame !== undefined) resolve();
      return undefined;
    };
  });
  channel.stdin.write(`${nonce}\n`);
  await settledWithin(Promise.race([greeted, streams.drained]), greetingTimeoutMs);
  streams.consumer = undefined;
  const lane = /^lane (\d+:\d*)$/.exec(scanner.frame ?? '');
  if (lane?.[1] !== undefined) return lane[1];
  const exit = await Promise.race([channel.exit, Promise.resolve(undefined)]);
  if (exit?.kind === 'lost') throw exit.error;
  if (scanner.frame !== undefined) throw new LaneUnavailableError(scanner.frame, true);
  const words = `${scanner.preamble}${complaint}`.trim();
  const said = words === '' ? '' : `, but said: ${words}`;
  throw new LaneUnavailableError(`its shell did not answer${said}`, false);
}

function followExchange(streams: LaneStreams, id: string, nonce: string, write: WriteOutput): LaneExchange {
  // A lane's streams are in step: only stderr says where the command's output begins, and nothing comes before it on stdout.
  const start = new FrameScanner(nonce);
  const output = (stream: OutputStream, bytes: Uint8Array) =>
    stream === 'stdout' ? bytes : start.push(bytes);
  const ends = { stdout: new EndScanner(id), stderr: new EndScanner(id) };
  const flush = async () => {
    for (const stream of ['stdout', 'stderr'] as const) {
      await write(stream, output(stream, ends[stream].flush()));
    }
  };
  const both = new Promise<void>((resolve) => {
    streams.consumer = (stream, bytes) => {
      const taken = write(stream, output(stream, ends[stream].push(bytes)));
      if (ends.stdout.text !== undefined && ends.stderr.text !== undefined) {
        if (taken === undefined) resolve();
        else void taken.then(resolve);
      }
      return taken;
    };
  });
  const end = (async () => {
    await Promise.race([both, streams.drained]);
    streams.consumer = undefined;
    await flush();
    const told = ends.stderr.text === undefined ? undefined : parseLaneEnd(ends.stdout.text ?? '');
    if (told?.isHeld === true) {
      // Whoever still holds the streams was started by this command, and so is what they print until the next exchange.
      streams.consumer = write;
      for (const stream of ['stdout', 'stderr'] as const) await write(stream, ends[stream].rest);
    }
    return told;
  })();
  return {
    end,
    frame: () => start.frame,
    preamble: () => start.preamble,
    flush: () => void flush(),
  };
}
