import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandSpawnError, ComputerLostError } from '../errors.js';
import { isPassing, lostFailure, startFailure } from './ssh-failure.js';
import { SshConnectError, type SshMaster, startMaster } from './ssh-master.js';
import type { SshDestinationOptions } from './ssh-options.js';

/** Room for one session over a connection. */
export interface SshSession {
  readonly master: SshMaster;
  /** Says that the server let it in. */
  readonly opened: () => void;
  /** Says that only a background process still uses it, so that whoever waits for room may end it by `letGo`. */
  readonly spare: (letGo: () => void) => void;
  /** Gives the room back. Idempotent. */
  readonly release: () => void;
}

interface Connection {
  readonly master: SshMaster;
  readonly sessions: Set<SshSession>;
  /** What lets go of sessions that are spare, oldest first. */
  readonly spare: Map<SshSession, () => void>;
  /** Lowered when the server refuses a session. */
  limit: number;
  /** Whether the server ever let a session in. */
  worked: boolean;
}

/** A unix socket's path is limited to about 104 bytes, of which ssh needs some for a temporary name. */
const longestFolder = 60;
/** Milliseconds for one of the sessions to be given back when all are in use. */
const roomMs = 30_000;
const firstPauseMs = 200;
const longestPauseMs = 2000;

/** Connections to one destination: made when they are needed, shared by sessions, and made again when they break. */
export class SshConnections {
  readonly #options: SshDestinationOptions;
  readonly #connections = new Set<Connection>();
  #closing = closingSwitch();
  readonly #waiting = new Set<() => void>();
  #folder: Promise<string> | undefined;
  #connecting: Promise<void> | undefined;
  #made = 0;
  #hasConnected = false;
  #closed: Promise<void> | undefined;

  constructor(options: SshDestinationOptions) {
    this.#options = options;
  }

  /** @throws ComputerStartError, after a first success ComputerLostError; the signal's reason */
  async session(signal?: AbortSignal): Promise<SshSession> {
    for (;;) {
      signal?.throwIfAborted();
      this.#closing.signal.throwIfAborted();
      const free = [...this.#connections].find(
        ({ master, sessions, limit }) => !master.hasEnded() && sessions.size < limit,
      );
      if (free !== undefined) return this.#take(free);
      if (this.#connections.size < (this.#options.maxConnections ?? 8)) await this.#connectOnce(signal);
      else await this.#room(signal);
    }
  }

  /** The server refused a session. @returns whether waiting or another connection may help */
  refused({ master }: SshSession): boolean {
    const connection = [...this.#connections].find((candidate) => candidate.master === master);
    if (connection === undefined) return true;
    connection.limit = Math.max(connection.worked ? 1 : 0, connection.sessions.size - 1);
    if (connection.limit > 0) return true;
    this.#connections.delete(connection);
    void master.close();
    return false;
  }

  /** Ends every connection and removes their folder; a later session connects anew. Idempotent; never rejects. */
  async close(): Promise<void> {
    this.#closed ??= (async () => {
      this.#closing.abort(
        new ComputerLostError('The SSH connection has been closed.', { reason: 'cleaned_up' }),
      );
      await this.#connecting?.catch(() => undefined);
      await Promise.all([...this.#connections].map(({ master }) => master.close()));
      const folder = await this.#folder?.catch(() => undefined);
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
      this.#folder = undefined;
      this.#closing = closingSwitch();
    })().finally(() => {
      this.#closed = undefined;
    });
    await this.#closed;
  }

  #take(connection: Connection): SshSession {
    const session: SshSession = {
      master: connection.master,
      opened: () => {
        connection.worked = true;
      },
      spare: (letGo) => {
        if (!connection.sessions.has(session)) return;
        connection.spare.set(session, letGo);
        this.#wake();
      },
      release: () => {
        connection.spare.delete(session);
        if (connection.sessions.delete(session)) this.#wake();
      },
    };
    connection.sessions.add(session);
    return session;
  }

  /** Callers at the same time share one try; each of them may leave it. */
  async #connectOnce(signal: AbortSignal | undefined): Promise<void> {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    await leaveable(this.#connecting, signal);
  }

  async #connect(): Promise<void> {
    const { destination, reconnectTimeoutMs = 30_000 } = this.#options;
    const until = performance.now() + (this.#hasConnected ? reconnectTimeoutMs : 0);
    this.#folder ??= makeFolder();
    const folder = await this.#folder;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        this.#made += 1;
        const master = await startMaster(this.#options, folder, this.#made, this.#closing.signal);
        this.#add(master);
        return;
      } catch (error) {
        this.#closing.signal.throwIfAborted();
        if (!(error instanceof SshConnectError)) throw error;
        if (!isPassing(error.failure) || performance.now() + pauseMs > until) {
          throw (this.#hasConnected ? lostFailure : startFailure)(destination, error.failure);
        }
        await sleep(pauseMs, undefined, { signal: this.#closing.signal });
      }
    }
  }

  #add(master: SshMaster): void {
    this.#hasConnected = true;
    const connection: Connection = {
      master,
      sessions: new Set(),
      spare: new Map(),
      limit: this.#options.sessionsPerConnection ?? 8,
      worked: false,
    };
    this.#connections.add(connection);
    void master.ended.then(() => {
      this.#connections.delete(connection);
      this.#wake();
    });
    this.#wake();
  }

  /** Waits until something changes. What is held by a background process alone is let go, oldest first. */
  async #room(signal: AbortSignal | undefined): Promise<void> {
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
      this.#waiting.add(wake);
    });
    for (const { spare } of this.#connections) {
      const [oldest] = spare;
      if (oldest === undefined) continue;
      const [session, letGo] = oldest;
      spare.delete(session);
      letGo();
      break;
    }
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#noRoom()), roomMs);
    });
    try {
      await leaveable(Promise.race([woken, timeUp]), signal, this.#closing.signal);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(wake);
    }
  }

  #noRoom(): CommandSpawnError {
    const { destination } = this.#options;
    const inUse = [...this.#connections].reduce((sum, { sessions }) => sum + sessions.size, 0);
    return new CommandSpawnError(
      `All ${inUse} sessions over ${this.#connections.size} connections to ${destination} stayed in use for ${roomMs} ms. Raise maxConnections, or run fewer commands at once.`,
      { reason: 'other', command: 'sh' },
    );
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}

function closingSwitch(): AbortController {
  const closing = new AbortController();
  // Every session that is waited for listens.
  setMaxListeners(0, closing.signal);
  return closing;
}

async function makeFolder(): Promise<string> {
  const parent = tmpdir().length > longestFolder ? '/tmp' : tmpdir();
  return await mkdtemp(join(parent, 'swl-'));
}

/** `work`, unless a signal fires first. */
async function leaveable<T>(work: Promise<T>, ...signals: readonly (AbortSignal | undefined)[]): Promise<T> {
  const release: (() => void)[] = [];
  const left = new Promise<never>((_, reject) => {
    for (const signal of signals) {
      if (signal === undefined) continue;
      const leave = () => reject(signal.reason as Error); // Passed on as the caller gave it.
      if (signal.aborted) leave();
      signal.addEventListener('abort', leave, { once: true });
      release.push(() => signal.removeEventListener('abort', leave));
    }
  });
  left.catch(() => undefined);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, left]);
  } finally {
    for (const stop of release) stop();
  }
}
