import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { settledWithin } from '../deadline.js';
import type { ChannelExit, ChannelRequest, ShellChannel } from '../shell/shell-transport.js';
import { allClosed, lastOutput } from './last-output.js';
import { RecordFilter } from './record-filter.js';
import { remoteProgram } from './remote-program.js';

export interface ClientChannelOptions extends ChannelOverClient {
  /** The client, such as `ssh` or `kubectl`, and its arguments up to and with the reader of `remoteProgram`. */
  readonly argv: readonly string[];
  /** Called when the client process itself has ended. */
  readonly onClientEnd?: (() => void) | undefined;
}

export interface ChannelOverClient {
  readonly request: ChannelRequest;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from the start of the client until the program inside says that it runs. */
  readonly startTimeoutMs: number;
  /** Says what it means when the client ended and no exit code had come from inside. Must not reject. */
  readonly explainEnd: (end: ClientEnd) => Promise<ChannelExit>;
}

/** What has the reader of `remoteProgram` running inside: a process of this machine, or a stream of somebody's API. */
export interface Client {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Rejects when it could not be started. */
  readonly ended: Promise<ClientEnd>;
  letGo(): void;
}

/** How a client process ended. */
export interface ClientEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The program inside never said that it runs. Nothing was run, so that another try is safe. */
export class ClientStartError extends Error {
  constructor(
    /**
     * `missing`: the client could not be started; `ended`: it gave up; `silent`: it did not answer in time; `merged`: what
     * the program writes on one stream comes on the other.
     */
    readonly reason: 'missing' | 'ended' | 'silent' | 'merged',
    /** What the client said, trimmed. */
    readonly text: string,
    readonly exitCode: number | null,
    options?: ErrorOptions,
  ) {
    super(`The client ${failures[reason]}: ${text}`, options);
  }
}

const failures = {
  missing: 'failed',
  ended: 'failed',
  silent: 'did not answer',
  merged: 'does not keep its streams apart',
} as const satisfies Record<ClientStartError['reason'], string>;

/** Milliseconds for the streams of a client that has ended to end as well; somebody else may hold them. */
const streamEndMs = 1000;
/** Milliseconds from TERM to KILL for a client that is let go. */
const letGoMs = 2000;

/** Starts a process inside through a local client process. @throws ClientStartError, or the signal's reason */
export async function openClientChannel(options: ClientChannelOptions): Promise<ShellChannel> {
  options.signal?.throwIfAborted();
  return await openOverClient(startClient(options), options);
}

/**
 * Starts a process inside through what has a reader running there. @throws ClientStartError, or the signal's reason
 *
 * `exit` follows the records of the program inside, not the client: it comes after everything the process wrote, exact
 * also for a client that maps exit codes, and at once where a background child keeps the client waiting.
 */
export async function openOverClient(client: Client, options: ChannelOverClient): Promise<ShellChannel> {
  const program = remoteProgram(options.request);
  // Nobody waits for it once the records have told the end.
  client.ended.catch(() => undefined);
  client.stdin.write(program.line);
  const started = counter(2);
  const merged = counter(1);
  const exited = counter(2);
  const record: { exitCode?: number } = {};
  const heard = new Set<string>();
  const onRecord = (stream: string, text: string): void => {
    // A terminal, which is one stream, adds the carriage return.
    if (/^started\r?$/.test(text)) {
      if (heard.has(stream)) merged.count();
      else started.count();
      heard.add(stream);
    }
    const [, code] = /^exit (\d+)$/.exec(text) ?? [];
    if (code === undefined) return;
    record.exitCode = Number(code);
    exited.count();
  };
  const stdout = client.stdout.pipe(new RecordFilter(program.nonce, (text) => onRecord('stdout', text)));
  const stderr = client.stderr.pipe(new RecordFilter(program.nonce, (text) => onRecord('stderr', text)));
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  const outputEnded = allClosed([client.stdout, client.stderr]);

  const destroy = (): void => {
    for (const stream of [client.stdin, client.stdout, client.stderr]) stream.destroy();
    for (const stream of [stdout, stderr]) stream.destroy();
    client.letGo();
  };
  try {
    const apart = merged.reached.then(() => {
      throw new ClientStartError('merged', 'standard output and standard error come on one stream', null);
    });
    const said = () => `${stderr.preamble}\n${stdout.preamble}`.trim();
    await whenStarted(Promise.race([started.reached, apart]), client, outputEnded, options, said);
  } catch (error) {
    destroy();
    throw error;
  }
  const exit = (async (): Promise<ChannelExit> => {
    const ended = client.ended.then(async (end) => {
      await lastOutput([client.stdout, client.stderr], [stdout, stderr], exited.reached);
      return end;
    });
    const end = await Promise.race([exited.reached, ended]);
    // Lets a reader have what came in the same piece as the record.
    await nextTurn();
    // One of the two records is enough when there is nothing more to come.
    if (record.exitCode !== undefined) return { kind: 'exited', exitCode: record.exitCode };
    return end === undefined ? { kind: 'exited', exitCode: null } : await options.explainEnd(end);
  })();
  return { stdin: client.stdin, stdout, stderr, exit, destroy };
}

/**
 * Stays between us and the client, and writes the last words when our end closes. The whole group ends with the client:
 * nothing else would end the `cat`.
 */
const lastWordsText = `
trap : TERM
words=$1
shift
{ cat; printf '%s\\n' "$words"; } | { "$@"; code=$?; trap '' TERM; kill -TERM 0; exit $code; }
`;

function startClient({ argv, request: { lastWords }, onClientEnd }: ClientChannelOptions): Client {
  const [file = '', ...parameters] =
    lastWords === undefined ? argv : ['sh', '-c', lastWordsText, 'sh', lastWords, ...argv];
  // A session of its own: Ctrl-C in a terminal is for the harness, which ends its clients in order.
  const child = spawn(file, parameters, { detached: true, stdio: 'pipe', windowsHide: true });
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
  let hasEnded = false;
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<ClientEnd>((resolve, reject) => {
    const end = () => {
      if (hasEnded) return;
      hasEnded = true;
      clearTimeout(timer);
      // Whoever spoke the last words for us has ended, and has ended the others: but one that is stopped lives on.
      if (lastWords !== undefined) killGroup(child, 'SIGKILL');
      onClientEnd?.();
    };
    child.once('exit', (exitCode, signal) => {
      end();
      resolve({ exitCode, signal });
    });
    child.on('error', (error) => {
      // It also tells of signals that could not be sent; only a client that never ran has no pid.
      if (child.pid !== undefined) return;
      end();
      reject(error);
    });
  });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    letGo: () => {
      if (hasEnded || timer !== undefined) return;
      const kill = (signal: NodeJS.Signals) => {
        if (lastWords === undefined) child.kill(signal);
        else killGroup(child, signal);
      };
      kill('SIGTERM');
      timer = setTimeout(() => kill('SIGKILL'), letGoMs);
    },
  };
}

function killGroup({ pid }: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has ended in the meantime.
  }
}

async function whenStarted(
  started: Promise<unknown>,
  client: Client,
  outputEnded: Promise<unknown>,
  { signal, startTimeoutMs }: ChannelOverClient,
  said: () => string,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const givenUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ClientStartError('silent', said(), null)), startTimeoutMs);
    onAbort = () => reject(signal?.reason as Error); // Node's reasons are errors; a caller's own is passed on as it is.
    signal?.addEventListener('abort', onAbort, { once: true });
  });
  const gone = client.ended.then(
    async ({ exitCode }) => {
      await settledWithin(outputEnded, streamEndMs);
      throw new ClientStartError('ended', said(), exitCode);
    },
    (error: unknown) => {
      throw new ClientStartError('missing', '', null, { cause: error });
    },
  );
  for (const loser of [givenUp, gone]) loser.catch(() => undefined);
  try {
    await Promise.race([started, gone, givenUp]);
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
  }
}

/** A promise that resolves at the given count. */
function counter(target: number): { readonly reached: Promise<undefined>; count(): void } {
  let left = target;
  let resolve: (value: undefined) => void = () => undefined;
  const reached = new Promise<undefined>((settle) => {
    resolve = settle;
  });
  return {
    reached,
    count: () => {
      left -= 1;
      if (left === 0) resolve(undefined);
    },
  };
}
