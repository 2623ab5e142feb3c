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

const engineEvent = z.looseObject({
  Action: z.string(),
  timeNano: z.number().optional(),
  time: z.number().optional(),
  Actor: z.looseObject({ Attributes: z.record(z.string(), z.string()).optional() }).optional(),
});

/** Milliseconds between the looks at an engine that has closed the event stream. */
const reconnectWaitsMs = [100, 400, 1500] as const;
const verifyTimeoutMs = 5000;
/** Milliseconds by which the engine's event may lag behind what a look at the container finds. */
const eventGraceMs = 1000;
/** An end this soon after the kernel's out-of-memory kill is taken for its result. Seconds. */
const memoryDeathSeconds = 5;

/** One subscription to the engine's events about one container, for as long as that is ours. */
export class ContainerWatch {
  readonly #docker: Docker;
  readonly #containerId: string;
  readonly #observers = new Map<string, ExecObserver>();
  readonly #endListeners = new Set<(end: ContainerEnd) => void>();
  #stream: Readable;
  #end: ContainerEnd | undefined;
  #closed = false;
  #lastEventSeconds: number;
  #lastMemoryKillSeconds = -Infinity;
  #memoryKills = 0;

  /** `sinceSeconds` is the engine's time: events from then on are replayed, so that none is missed. */
  static async open(
    docker: Docker,
    containerId: string,
    sinceSeconds: number,
    call: CallOptions,
  ): Promise<ContainerWatch> {
    const stream = await subscribe(docker, containerId, sinceSeconds, call);
    return new ContainerWatch(docker, containerId, sinceSeconds, stream);
  }

  private constructor(docker: Docker, containerId: string, sinceSeconds: number, stream: Readable) {
    this.#docker = docker;
    this.#containerId = containerId;
    this.#lastEventSeconds = sinceSeconds;
    this.#stream = stream;
    void this.#follow();
  }

  /** Set once the container has ended or the engine is gone. */
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

  /** Looks whether the container still runs, and reports the end if it does not or nobody answers. */
  async verify(): Promise<void> {
    for (const waitMs of reconnectWaitsMs) {
      if (this.#isOver()) return;
      try {
        const { State: state } = await callEngine(
          (abortSignal) => this.#docker.getContainer(this.#containerId).inspect({ abortSignal }),
          { timeoutMs: verifyTimeoutMs },
        );
        if (state.Running || state.Status === 'created') return;
        // The event, which knows more, may still be on its way.
        if ((await this.endWithin(eventGraceMs)) === undefined) {
          this.report({ reason: state.OOMKilled ? 'out_of_memory' : 'ended', exitCode: state.ExitCode });
        }
        return;
      } catch (error) {
        if (hasStatus(error, 404)) {
          if ((await this.endWithin(eventGraceMs)) === undefined)
            this.report({ reason: 'removed', exitCode: null });
          return;
        }
        await wait(waitMs);
      }
    }
    this.report({ reason: 'connection', exitCode: null });
  }

  async #reconnect(): Promise<Readable | undefined> {
    for (const waitMs of reconnectWaitsMs) {
      await this.verify();
      if (this.#isOver()) return undefined;
      try {
        return await subscribe(this.#docker, this.#containerId, this.#lastEventSeconds, {
          timeoutMs: verifyTimeoutMs,
        });
      } catch {
        await wait(waitMs);
      }
    }
    this.report({ reason: 'connection', exitCode: null });
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
  docker: Docker,
  containerId: string,
  sinceSeconds: number,
  call: CallOptions,
): Promise<Readable> {
  const filters = {
    container: [containerId],
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
