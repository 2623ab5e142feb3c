import { EventEmitter } from 'eventemitter3';
import { toErrorRecord } from '../errors.js';
import type { EventContext, EventMap, EventOf, EventType, SweLancerEvent } from './event.js';
import { createEventScope, type EventScope } from './event-scope.js';
import { isPrinted } from './printed-events.js';

export type EventListener<E = SweLancerEvent> = (event: E) => void;

/** Of a run that is given a stream, a listener for all events, or nothing. */
export function runEventsOf(given: RunEvents | EventListener | undefined): RunEvents {
  if (given instanceof RunEvents) return given;
  const events = new RunEvents();
  if (given !== undefined) events.on('*', given);
  return events;
}

/**
 * The live event stream of one run, or of several. A listener that throws, or whose promise rejects, is reported as a
 * `diagnostic` event and changes nothing else.
 */
export class RunEvents {
  readonly #emitter = new EventEmitter<Record<EventType | typeof everyEvent, [SweLancerEvent]>>();
  readonly #startedAt = performance.now();
  #seq = 0;

  /** The scope to hand to `Computer.from` and other parts that are used outside `runTask`. */
  scope(context: EventContext = {}): EventScope {
    return createEventScope(
      (type, data, where) => this.#deliver(type, data, where),
      context,
      (type) => this.#isHeard(type),
    );
  }

  /** Calls `listener` for every event of a type, or for every event with `'*'`. Dispose the result to stop. */
  on(type: '*', listener: EventListener): Disposable;
  on<T extends EventType>(type: T, listener: EventListener<EventOf<T>>): Disposable;
  on<T extends EventType>(type: T | '*', listener: EventListener<EventOf<T>> | EventListener): Disposable {
    // The overloads pair each listener with the events it is registered for.
    const guarded = this.#guard(listener as EventListener);
    const channel = type === '*' ? everyEvent : type;
    this.#emitter.on(channel, guarded);
    return { [Symbol.dispose]: () => void this.#emitter.off(channel, guarded) };
  }

  /**
   * Events from now on, until `signal` fires. A reader that falls behind by more than `maxBuffered` events loses
   * pieces of what commands, models and tools print, told by a `diagnostic`; it never loses any other event.
   */
  stream(
    options: { signal?: AbortSignal | undefined; maxBuffered?: number | undefined } = {},
  ): AsyncIterable<SweLancerEvent> {
    return { [Symbol.asyncIterator]: () => this.#iterate(options) };
  }

  [Symbol.asyncIterator](): AsyncIterator<SweLancerEvent> {
    return this.#iterate({});
  }

  #isHeard(type: EventType): boolean {
    return this.#emitter.listenerCount(type) > 0 || this.#emitter.listenerCount(everyEvent) > 0;
  }

  #deliver<T extends EventType>(type: T, data: EventMap[T], context: EventContext): void {
    const seq = ++this.#seq;
    if (!this.#isHeard(type)) return;
    const event = {
      schema: 1,
      type,
      seq,
      time: Date.now(),
      elapsedMs: Math.round(performance.now() - this.#startedAt),
      ...context,
      ...data,
    } as unknown as SweLancerEvent; // One generic object cannot be narrowed to the member of the union it is.
    this.#emitter.emit(type, event);
    this.#emitter.emit(everyEvent, event);
  }

  #guard(listener: EventListener): EventListener {
    return (event) => {
      try {
        const outcome: unknown = listener(event);
        if (outcome instanceof Promise) outcome.catch((error: unknown) => this.#report(event, error));
      } catch (error) {
        this.#report(event, error);
      }
    };
  }

  #report(event: SweLancerEvent, error: unknown): void {
    // A listener that fails on diagnostics too would otherwise call itself for ever.
    if (event.type === 'diagnostic') return;
    this.#deliver(
      'diagnostic',
      { message: `A listener threw while it handled ${event.type}.`, error: toErrorRecord(error) },
      { runId: event.runId, taskId: event.taskId, epoch: event.epoch, attempt: event.attempt },
    );
  }

  #iterate({
    signal,
    maxBuffered = 10_000,
  }: {
    signal?: AbortSignal | undefined;
    maxBuffered?: number | undefined;
  }) {
    const buffer: SweLancerEvent[] = [];
    let dropped = 0;
    let wake: (() => void) | undefined;
    let ended = signal?.aborted ?? false;
    const subscription = this.on('*', (event) => {
      if (buffer.length >= maxBuffered && isPrinted(event.type)) dropped++;
      else buffer.push(event);
      wake?.();
    });
    const end = () => {
      ended = true;
      subscription[Symbol.dispose]();
      signal?.removeEventListener('abort', end);
      wake?.();
    };
    signal?.addEventListener('abort', end);
    if (ended) end();

    const next = async (): Promise<IteratorResult<SweLancerEvent>> => {
      for (;;) {
        if (dropped > 0 && buffer.length < maxBuffered) {
          const message = `A slow reader of the event stream lost ${dropped} pieces of output.`;
          dropped = 0;
          this.#deliver('diagnostic', { message }, {});
        }
        const event = buffer.shift();
        if (event !== undefined) return { done: false, value: event };
        if (ended) return { done: true, value: undefined };
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    const finish = async (): Promise<IteratorResult<SweLancerEvent>> => {
      end();
      buffer.length = 0;
      return { done: true, value: undefined };
    };
    return { next, return: finish, [Symbol.asyncIterator]: () => ({ next, return: finish }) };
  }
}

const everyEvent = Symbol('every event');
