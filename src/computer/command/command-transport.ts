import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ChannelOverClient,
  type ClientEnd,
  ClientStartError,
  openClientChannel,
} from '../channel/client-channel.js';
import { readerText } from '../channel/remote-program.js';
import { whatBecameOf } from '../channel/what-became-of.js';
import { CommandSpawnError, ComputerLostError } from '../errors.js';
import { markerVariable } from '../shell/process-kill.js';
import type { ChannelExit, ChannelRequest, ShellChannel, ShellTransport } from '../shell/shell-transport.js';

export interface CommandTransportOptions {
  readonly prefix: readonly string[];
  readonly startTimeoutMs: number;
}

/** A client that fails to start a shell is tried again this often: nothing has run inside by then. */
const tries = 3;
const pauseMs = 300;
/** Exit codes from here up are signals by convention. */
const firstSignalExitCode = 129;

/** Runs each process by `prefix` and a fixed `sh`. */
export function commandTransport({ prefix, startTimeoutMs }: CommandTransportOptions): ShellTransport {
  const argv = [...prefix, ...readerArgv];
  const open = async (options: ChannelOverClient) => openClientChannel({ ...options, argv });
  return readerTransport({ program: prefix[0] ?? '', startTimeoutMs, open });
}

/** What has to be started inside: a program of a fixed text, with its streams connected. */
export const readerArgv: readonly string[] = ['sh', '-c', readerText];

export interface ReaderTransportOptions {
  /** In messages. */
  readonly program: string;
  readonly startTimeoutMs: number;
  /** Opens a channel over whatever runs `readerArgv` inside. @throws ClientStartError */
  readonly open: (options: ChannelOverClient) => Promise<ShellChannel>;
}

export function readerTransport({ program, startTimeoutMs, open }: ReaderTransportOptions): ShellTransport {
  const transport: ShellTransport = {
    open: async (request, { signal } = {}) => {
      for (let attempt = 1; ; attempt++) {
        const begunAt = performance.now();
        try {
          return await open({
            request,
            signal,
            startTimeoutMs,
            explainEnd: async (end) => explainEnd(transport, program, { ...request, begunAt }, end),
          });
        } catch (error) {
          if (!(error instanceof ClientStartError)) throw error;
          if (error.reason !== 'ended' || attempt >= tries) throw startFailure(program, error);
          await sleep(pauseMs * attempt, undefined, { signal });
        }
      }
    },
  };
  return transport;
}

/**
 * A signal may have hit the client, or the shells inside around the command (of which a client like `chroot` is one).
 * Where nothing of the command is left, it has ended, though nobody knows how.
 */
async function explainEnd(
  transport: ShellTransport,
  program: string,
  { environment, begunAt }: ChannelRequest & { readonly begunAt: number },
  { exitCode, signal }: ClientEnd,
): Promise<ChannelExit> {
  const mayBeKilled =
    exitCode === null || signal !== null || (exitCode >= firstSignalExitCode && exitCode < 255);
  const marker = environment[markerVariable];
  const fate =
    mayBeKilled && marker !== undefined ? await whatBecameOf(transport, marker, begunAt) : 'unknown';
  if (fate === 'ended') return { kind: 'exited', exitCode: null };
  const error = fate === 'machine restarted' ? restarted(program) : brokenLink(program, signal ?? exitCode);
  return { kind: 'lost', error };
}

function restarted(program: string): ComputerLostError {
  return new ComputerLostError(
    `The machine behind ${program} was started again while the command ran, which ended it. What it was to do may be done in part.`,
    { reason: 'connection', commandMayBeRunning: false },
  );
}

function brokenLink(program: string, end: string | number | null): ComputerLostError {
  return new ComputerLostError(
    `The client ${program} ended with ${end ?? 'no exit code'} before the command did. What it ran may still be running.`,
    { reason: 'connection', commandMayBeRunning: true },
  );
}

function startFailure(program: string, error: ClientStartError): Error {
  const { reason, text, exitCode, cause } = error;
  if (reason === 'missing') {
    const message = `${program} could not be started on this machine: ${cause instanceof Error ? cause.message : 'unknown reason'}.`;
    return new ComputerLostError(message, { reason: 'connection', retryable: false, cause });
  }
  if (reason === 'merged') {
    const message = `${program} brings standard output and standard error of what it runs on one stream. The prefix must keep the two apart: leave out a terminal (-t) and 2>&1.`;
    return new ComputerLostError(message, { reason: 'connection', retryable: false, cause: error });
  }
  if (reason === 'silent') {
    const message = `${program} gave no shell in time. The prefix must keep standard input open (such as -i), must bring standard output and standard error, and must not ask for a terminal (-t). It said: ${text}`;
    return new ComputerLostError(message, { reason: 'connection', cause: error });
  }
  if (/fork|resource temporarily unavailable|cannot allocate memory/i.test(text)) {
    const message = `A command could not be started: the computer has reached a limit. ${program} says: ${text}`;
    return new CommandSpawnError(message, { reason: 'processes', command: 'sh', cause: error });
  }
  const said =
    text === ''
      ? 'It said nothing; does the prefix keep standard input open (such as -i)?'
      : `It says: ${text}`;
  return new ComputerLostError(
    `${program} ended with ${exitCode ?? 'a signal'} instead of running a shell. ${said}`,
    { reason: 'connection', cause: error },
  );
}
