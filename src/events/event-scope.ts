import { type ErrorRecord, toErrorRecord } from '../errors.js';
import { uniqueIds } from '../unique-ids.js';
import type { EventContext, EventMap, EventType } from './event.js';

/** Delivers one event with its context. Emitters implement it; a scope binds a context to it. */
export type EventOutlet = <T extends EventType>(type: T, data: EventMap[T], context: EventContext) => void;

/** Emits events that belong together: the same run, task, attempt, phase, computer or span. Immutable. */
export interface EventScope {
  readonly context: EventContext;
  emit<T extends EventType>(type: T, data: EventMap[T]): void;
  /** Whether anybody listens to events of that type now: who makes them out of much data can leave it. */
  isHeard(type: EventType): boolean;
  /** The same outlet with more context. */
  within(context: EventContext): EventScope;
  /** A new span below this one. */
  span(context?: EventContext): EventScope;
}

export function createEventScope(
  outlet: EventOutlet,
  context: EventContext = {},
  isHeard: (type: EventType) => boolean = () => true,
): EventScope {
  return new BoundScope(outlet, context, isHeard, uniqueIds());
}

/** A class, since a run makes a scope for every command and transfer. */
class BoundScope implements EventScope {
  readonly #outlet: EventOutlet;
  readonly #isHeard: (type: EventType) => boolean;
  readonly #newSpanId: () => string;
  readonly context: EventContext;

  constructor(
    outlet: EventOutlet,
    context: EventContext,
    isHeard: (type: EventType) => boolean,
    newSpanId: () => string,
  ) {
    this.#outlet = outlet;
    this.#isHeard = isHeard;
    this.#newSpanId = newSpanId;
    this.context = context;
  }

  isHeard(type: EventType): boolean {
    return this.#isHeard(type);
  }

  emit<T extends EventType>(type: T, data: EventMap[T]): void {
    try {
      this.#outlet(type, data, this.context);
    } catch {
      // Work must not fail, and a start must not lose its end, because nobody could be told.
    }
  }

  within(more: EventContext): EventScope {
    return this.#with({ ...this.context, ...more });
  }

  span(more?: EventContext): EventScope {
    const parentSpanId = this.context.spanId;
    return this.#with({ ...this.context, ...more, spanId: this.#newSpanId(), parentSpanId });
  }

  #with(context: EventContext): EventScope {
    return new BoundScope(this.#outlet, context, this.#isHeard, this.#newSpanId);
  }
}

/** For parts that are used without a run: nobody listens. */
export const silentScope: EventScope = createEventScope(
  () => undefined,
  {},
  () => false,
);

/** How an observed piece of work is told: one event at its start, exactly one at its end. */
export interface Observation<Start extends EventType, Result> {
  readonly start: readonly [Start, EventMap[Start]];
  readonly finished: (result: Result, durationMs: number) => TypedEvent;
  readonly failed: (error: ErrorRecord, durationMs: number, thrown: unknown) => TypedEvent;
}

/** A type with the payload that belongs to it. */
export type TypedEvent = { [T in EventType]: readonly [T, EventMap[T]] }[EventType];

/**
 * Runs `work` between a start event and exactly one end event, in a span of its own.
 * Every start in this package goes through here, so that none is left without an end.
 */
export async function observe<Start extends EventType, Result>(
  scope: EventScope,
  observation: Observation<Start, Result>,
  work: (span: EventScope) => Promise<Result>,
): Promise<Result> {
  const span = scope.span();
  const startedAt = performance.now();
  const elapsed = () => Math.round(performance.now() - startedAt);
  span.emit(...observation.start);
  let result: Result;
  try {
    result = await work(span);
  } catch (error) {
    emitTyped(span, observation.failed(toErrorRecord(error), elapsed(), error));
    throw error;
  }
  emitTyped(span, observation.finished(result, elapsed()));
  return result;
}

export function emitTyped(scope: EventScope, [type, data]: TypedEvent): void {
  scope.emit(type, data);
}
