import { setTimeout as wait } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { z } from 'zod';
import type { CallOptions } from '../computer-interface.js';
import { callEngine } from './engine-call.js';
import { hasStatus } from './engine-error.js';
import { asReadable } from './engine-stream.js';
import { readJsonLines } from './json-lines.js';

/** How a container came to its end. */
export interface ContainerEnd {
  readonly reason: 'ended' | 'out_of_memory' | 'removed' | 'connection';
  readonly exitCode: number | null;
}

export interface ExecObserver {
  /** The exec's process has ended. */
  readonly exited: (exitCode: number | null) => void;
  /** The container has ended, or the engine is gone. */
  readonly lost: (end: ContainerEnd) => void;
}

export interface WatchedContainer {
  readonly docker: Docker;
  readonly id: string;
  /** Whether the engine is on this machine, so that nobody answers only when it has ended. */
  readonly isLocal: boolean;
  /** The engine's time: events from then on are replayed, so that none is missed. */
  readonly sinceSeconds: number;
}

const engineEvent = z.looseObject({
  Action: z.string(),
  timeNano: z.number().optional(),
  time: z.number().optional(),
  Actor: z.looseObject({ Attributes: z.record(z.string(), z.string()).optional() }).optional(),
});

/** Milliseconds between the looks at an engine that has closed the event stream. */
const reconnectWaitsMs = [100, 400, 1500] as const;
/** Milliseconds between later looks at one on another machine, the link to which may come back. */
const laterWaitMs = 3000;
const verifyTimeoutMs = 5000;
/** Milliseconds by which the engine's event may lag behind what a look at the container finds. */
const eventGraceMs = 1000;
/** An end this soon after the kernel's out-of-memory kill is taken for its result. Seconds. */
const memoryDeathSeconds = 5;

/** One subscription to the engine's events about one container, for as long as that is ours. */
export class ContainerWatch {
  readonly #docker: Docker;
  readonly #containerId: string;
  readonly #isLocal: boolean;
  readonly #observers = new Map<string, ExecObserver>();
  readonly #endListeners = new Set<(end: ContainerEnd) => void>();
  #stream: Readable;
  #end: ContainerEnd | undefined;
  #closed = false;
  #lastEventSeconds: number;
  #lastMemoryKillSeconds = -Infinity;
  #memoryKills = 0;

  static async open(watched: WatchedContainer, call: CallOptions): Promise<ContainerWatch> {
    return new ContainerWatch(watched, await subscribe(watched, call));
  }

  private constructor({ docker, id, isLocal, sinceSeconds }: WatchedContainer, stream: Readable) {
    this.#docker = docker;
    this.#containerId = id;
    this.#isLocal = isLocal;
    this.#lastEventSeconds = sinceSeconds;
    this.#stream = stream;
    void this.#follow();
  }

  /** Set once the container has ended or the engine of this machine is gone. */
  get end(): ContainerEnd | undefined {
    return this.#end;
  }

  /** How often the kernel ended a process in the container for want of memory, as far as the engine has told. */
  get memoryKills(): number {
    return this.#memoryKills;
  }

  /** Register before the exec is started: short ones end before their start is answered. */
  observe(execId: string, observer: ExecObserver): Disposable {
    this.#observers.set(execId, observer);
    if (this.#end !== undefined) observer.lost(this.#end);
    return { [Symbol.dispose]: () => void this.#observers.delete(execId) };
  }

  /** The end, or `undefined` if it has not come after that many milliseconds. */
  async endWithin(milliseconds: number): Promise<ContainerEnd | undefined> {
    if (this.#end !== undefined) return this.#end;
    let listener: (end: ContainerEnd) => void = () => undefined;
    const ended = new Promise<ContainerEnd>((resolve) => {
      listener = resolve;
      this.#endListeners.add(listener);
    });
    const timer = new AbortController();
    try {
      return await Promise.race([ended, wait(milliseconds, undefined, { signal: timer.signal })]);
    } finally {
      this.#endListeners.delete(listener);
      timer.abort();
    }
  }

  /** For whoever finds out by other means, such as a 404, that the container is gone. */
  report(end: ContainerEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#stream.destroy();
    for (const observer of [...this.#observers.values()]) observer.lost(end);
    for (const listener of [...this.#endListeners]) listener(end);
  }

  close(): void {
    this.#closed = true;
    this.#stream.destroy();
  }

  #isOver(): boolean {
    return this.#closed || this.#end !== undefined;
  }

  async #follow(): Promise<void> {
    while (!this.#isOver()) {
      try {
        for await (const event of readJsonLines(this.#stream)) this.#accept(event);
      } catch {
        // The link broke; what follows finds out why.
      }
      if (this.#isOver()) return;
      const stream = await this.#reconnect();
      if (stream === undefined) return;
      this.#stream = stream;
      if (this.#isOver()) stream.destroy();
    }
  }

  /** Looks whether the container still runs, and reports its end, or the link's where nobody answers. Gives either. */
  async verify(): Promise<ContainerEnd | undefined> {
    for (const waitMs of reconnectWaitsMs) {
      if (this.#isOver()) return this.#end;
      try {
        const { State: state } = await callEngine(
          (abortSignal) => this.#docker.getContainer(this.#containerId).inspect({ abortSignal }),
          { timeoutMs: verifyTimeoutMs },
        );
        if (state.Running || state.Status === 'created') return undefined;
        // The event, which knows more, may still be on its way.
        if ((await this.endWithin(eventGraceMs)) === undefined) {
          this.report({ reason: state.OOMKilled ? 'out_of_memory' : 'ended', exitCode: state.ExitCode });
        }
        return this.#end;
      } catch (error) {
        if (hasStatus(error, 404)) {
          if ((await this.endWithin(eventGraceMs)) === undefined)
            this.report({ reason: 'removed', exitCode: null });
          return this.#end;
        }
        await wait(waitMs);
      }
    }
    return this.#unreachable();
  }

  /** The end of an engine on this machine is that of its containers. Elsewhere they may run on, and be reached again. */
  #unreachable(): ContainerEnd {
    const end: ContainerEnd = { reason: 'connection', exitCode: null };
    if (this.#isLocal) this.report(end);
    else for (const observer of [...this.#observers.values()]) observer.lost(end);
    return end;
  }

  async #reconnect(): Promise<Readable | undefined> {
    for (let tries = 0; ; tries++) {
      await this.verify();
      if (this.#isOver()) return undefined;
      const waitMs = reconnectWaitsMs[tries];
      if (waitMs === undefined && this.#isLocal) break;
      const watched = { docker: this.#docker, id: this.#containerId, sinceSeconds: this.#lastEventSeconds };
      try {
        return await subscribe(watched, { timeoutMs: verifyTimeoutMs });
      } catch {
        // Who waits for the link to come back has a deadline of its own.
        await wait(waitMs ?? laterWaitMs, undefined, { ref: waitMs !== undefined });
      }
    }
    this.#unreachable();
    return undefined;
  }

  #accept(value: unknown): void {
    const event = engineEvent.safeParse(value);
    if (!event.success) return;
    const { Action: action, Actor: actor, timeNano, time } = event.data;
    const seconds = timeNano === undefined ? (time ?? 0) : timeNano / 1e9;
    const attributes = actor?.Attributes ?? {};
    this.#lastEventSeconds = Math.max(this.#lastEventSeconds, seconds);
    if (action === 'oom') {
      this.#memoryKills++;
      this.#lastMemoryKillSeconds = seconds;
    } else if (action === 'exec_die') {
      const observer = this.#observers.get(attributes['execID'] ?? '');
      observer?.exited(readExitCode(attributes['exitCode']));
    } else if (action === 'die') {
      const exitCode = readExitCode(attributes['exitCode']);
      const forMemory = exitCode === 137 && seconds - this.#lastMemoryKillSeconds < memoryDeathSeconds;
      this.report({ reason: forMemory ? 'out_of_memory' : 'ended', exitCode });
    } else if (action === 'destroy' || action === 'remove') {
      this.report({ reason: 'removed', exitCode: null });
    }
  }
}

function readExitCode(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}

async function subscribe(
  { docker, id, sinceSeconds }: Omit<WatchedContainer, 'isLocal'>,
  call: CallOptions,
): Promise<Readable> {
  const filters = {
    container: [id],
    // The last two are podman's names, which its answers use only in part.
    event: ['die', 'oom', 'destroy', 'exec_die', 'died', 'remove'],
  };
  const stream = await callEngine(
    () => docker.getEvents({ since: Number(sinceSeconds.toFixed(6)), filters }),
    {
      ...call,
      onLate: (late) => asReadable(late).destroy(),
    },
  );
  return asReadable(stream);
}
