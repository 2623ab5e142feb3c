import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandSpawnError, ComputerLostError } from '../errors.js';
import { connect } from './connect.js';
import { leaveable } from './leaveable.js';
import type { SessionLimits } from './session-limits.js';
import { type OfferState, SessionOffers } from './session-offers.js';
import { type SshMaster, startMaster } from './ssh-master.js';
import type { SshDestinationOptions } from './ssh-options.js';

/** Room for one session over a connection. */
export interface SshSession {
  readonly master: SshMaster;
  /**
   * Says that whoever waits for room may have this one by `giveUp`, which may be called at once. Gives what takes the
   * offer back.
   */
  readonly offer: (state: OfferState, giveUp: () => void) => () => void;
  /** Gives the room back. Idempotent. */
  readonly release: () => void;
}

export interface SessionRequest {
  /** Whether it may have the room that is kept free from all others. */
  readonly isVital: boolean;
  /** When it was first asked for, by `performance.now()`. */
  readonly since: number;
  /** What `closing` was then, so that a try that outlives the connections does not make new ones. */
  readonly until: AbortSignal;
  readonly signal?: AbortSignal | undefined;
}

interface Connection {
  readonly master: SshMaster;
  /** Each with whether it is vital. */
  readonly sessions: Map<SshSession, boolean>;
  /** Lowered when the server refuses a session. */
  limit: number;
  /** Milliseconds a lowered limit stays. */
  pauseMs: number;
  whenRaised: NodeJS.Timeout | undefined;
  /** Sessions that were asked for, and how many of them the server refused. */
  taken: number;
  refused: number;
}

interface Waiter {
  readonly isVital: boolean;
  /** Without a session there is room for another connection. */
  readonly give: (session: SshSession | undefined) => void;
}

/** A unix socket's path is limited to about 104 bytes, of which ssh needs some for a temporary name. */
const longestFolder = 60;
/** Milliseconds until more is asked again of a server that has refused a session: one that we let go of may have lingered. */
const firstLowMs = 5000;
const longestLowMs = 300_000;

/** Connections to one destination: made when they are needed, shared by sessions, and made again when they break. */
export class SshConnections {
  readonly #options: SshDestinationOptions;
  readonly #limits: SessionLimits;
  readonly #onDegraded: (reason: string) => void;
  readonly #connections = new Set<Connection>();
  #closing = closingSwitch();
  /** First come, first served. */
  readonly #waiting = new Set<Waiter>();
  readonly #offers = new SessionOffers<SshSession>();
  #folder: Promise<string> | undefined;
  #connecting: Promise<void> | undefined;
  #made = 0;
  #hasConnected = false;
  #closed: Promise<void> | undefined;

  constructor(
    options: SshDestinationOptions,
    limits: SessionLimits,
    onDegraded: (reason: string) => void = () => undefined,
  ) {
    this.#options = options;
    this.#limits = limits;
    this.#onDegraded = onDegraded;
  }

  /** Fires when the connections of now are closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * Waits for room as long as the signal allows.
   * @throws ComputerStartError, after a first success ComputerLostError; CommandSpawnError when the server allows fewer
   * sessions than a computer needs; the signal's reason
   */
  async session(request: SessionRequest): Promise<SshSession> {
    const { isVital, signal, until } = request;
    for (;;) {
      signal?.throwIfAborted();
      until.throwIfAborted();
      const mayPass = isVital || this.#waiting.size === 0;
      const free = mayPass ? this.#free(isVital) : undefined;
      if (free !== undefined) return this.#take(free, isVital);
      if (this.#mayConnect(isVital)) await this.#connectOnce(signal);
      else {
        const session = await this.#room(request);
        if (session !== undefined) return session;
      }
    }
  }

  /** Whether a session that is not vital can be had without waiting for another to end. */
  hasRoom(): boolean {
    return this.#waiting.size === 0 && this.#mayHold(false);
  }

  /** The server refused a session, which has not been released yet. @returns whether another try may help */
  refused(session: SshSession): boolean {
    const connection = [...this.#connections].find(({ sessions }) => sessions.has(session));
    if (connection === undefined) return true;
    connection.refused += 1;
    const others = connection.sessions.size - 1;
    if (others > 0) {
      this.#lower(connection, others);
      return true;
    }
    // Whatever the server still counts was let go of here, and would be in the way for who knows how long.
    this.#connections.delete(connection);
    void connection.master.close();
    return connection.refused < connection.taken;
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

  #take(connection: Connection, isVital: boolean): SshSession {
    const session: SshSession = {
      master: connection.master,
      offer: (state, giveUp) => {
        if (!connection.sessions.has(session)) return () => undefined;
        const withdraw = this.#offers.add(session, { state, giveUp });
        this.#offers.giveUp(this.#waiting.size);
        return withdraw;
      },
      release: () => {
        this.#offers.forget(session);
        if (connection.sessions.delete(session)) this.#serve();
      },
    };
    connection.sessions.set(session, isVital);
    connection.taken += 1;
    return session;
  }

  #free(isVital: boolean): Connection | undefined {
    if (!this.#mayHold(isVital)) return undefined;
    return [...this.#connections].find(
      ({ master, sessions, limit }) => !master.hasEnded() && sessions.size < limit,
    );
  }

  #mayConnect(isVital: boolean): boolean {
    return this.#connections.size < this.#limits.maxConnections && this.#mayHold(isVital);
  }

  /** Whether the room that is left is not kept for what is vital. */
  #mayHold(isVital: boolean): boolean {
    if (isVital) return true;
    const held = [...this.#connections].flatMap(({ sessions }) => [...sessions.values()]);
    const kept = Math.max(this.#limits.reserved - held.filter((vital) => vital).length, 0);
    return this.#capacity() - held.length > kept;
  }

  /** Sessions there may be in all, as far as the server has shown yet. */
  #capacity(): number {
    const missing = this.#limits.maxConnections - this.#connections.size;
    const sum = [...this.#connections].reduce((total, { limit }) => total + limit, 0);
    return sum + missing * this.#usualLimit();
  }

  /** A server allows each connection the same. */
  #usualLimit(): number {
    const limits = [...this.#connections].map(({ limit }) => limit);
    return Math.min(this.#limits.sessionsPerConnection, ...limits);
  }

  #lower(connection: Connection, limit: number): void {
    connection.limit = Math.min(connection.limit, limit);
    clearTimeout(connection.whenRaised);
    connection.whenRaised = setTimeout(() => {
      connection.limit = this.#limits.sessionsPerConnection;
      this.#serve();
    }, connection.pauseMs).unref();
    connection.pauseMs = Math.min(connection.pauseMs * 2, longestLowMs);
  }

  /** Callers at the same time share one try; each of them may leave it. */
  async #connectOnce(signal: AbortSignal | undefined): Promise<void> {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    await leaveable(this.#connecting, signal);
  }

  async #connect(): Promise<void> {
    const { signal } = this.#closing;
    this.#folder ??= makeFolder();
    const folder = await this.#folder;
    const master = await connect(this.#options, this.#hasConnected, signal, async () => {
      this.#made += 1;
      return await startMaster(this.#options, folder, this.#made, signal);
    });
    this.#add(master);
  }

  #add(master: SshMaster): void {
    this.#hasConnected = true;
    const { sessionsPerConnection } = this.#limits;
    const connection: Connection = {
      master,
      sessions: new Map(),
      limit: sessionsPerConnection,
      pauseMs: firstLowMs,
      whenRaised: undefined,
      taken: 0,
      refused: 0,
    };
    const usual = this.#usualLimit();
    if (usual < sessionsPerConnection) this.#lower(connection, usual);
    this.#connections.add(connection);
    void master.ended.then(() => {
      clearTimeout(connection.whenRaised);
      this.#connections.delete(connection);
      this.#serve();
    });
    this.#serve();
  }

  /** Waits for a session, or for room for another connection. */
  async #room({ isVital, since, signal, until }: SessionRequest): Promise<SshSession | undefined> {
    let waiter: Waiter | undefined;
    let given: SshSession | undefined;
    const served = new Promise<SshSession | undefined>((resolve) => {
      waiter = {
        isVital,
        give: (session) => {
          given = session;
          resolve(session);
        },
      };
      this.#waiting.add(waiter);
    });
    let timer: NodeJS.Timeout | undefined;
    const outOfPatience = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => {
          const missing = this.#shortage();
          if (missing !== undefined) reject(missing);
          else this.#onDegraded(this.#allInUse());
        },
        since + this.#limits.patienceMs - performance.now(),
      );
    });
    this.#offers.giveUp(this.#waiting.size);
    try {
      return await leaveable(Promise.race([served, outOfPatience]), signal, until);
    } catch (error) {
      given?.release();
      throw error;
    } finally {
      clearTimeout(timer);
      if (waiter !== undefined) this.#waiting.delete(waiter);
    }
  }

  #serve(): void {
    for (const waiter of this.#waiting) {
      const { isVital, give } = waiter;
      const free = this.#free(isVital);
      if (free === undefined && !this.#mayConnect(isVital)) continue;
      this.#waiting.delete(waiter);
      give(free === undefined ? undefined : this.#take(free, isVital));
    }
    this.#offers.giveUp(this.#waiting.size);
  }

  #shortage(): CommandSpawnError | undefined {
    const { maxConnections, reserved } = this.#limits;
    const capacity = this.#capacity();
    if (capacity > reserved) return undefined;
    return new CommandSpawnError(
      `${this.#options.destination} allows ${capacity} sessions over ${maxConnections} connections, and a computer needs ${reserved + 1}. Raise maxConnections, or the server's MaxSessions.`,
      { reason: 'other', command: 'sh' },
    );
  }

  #allInUse(): string {
    const inUse = [...this.#connections].reduce((sum, { sessions }) => sum + sessions.size, 0);
    return `A call has waited ${this.#limits.patienceMs} ms for one of the ${inUse} sessions to ${this.#options.destination}, and waits on until its own deadline. Raise maxConnections, or run fewer commands at once.`;
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
