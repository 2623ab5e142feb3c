import {
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { SweLancerEvent } from '../events/event.js';
import { errorType, evaluationResult, genAi, swelancer } from './conventions.js';
import { evaluationOf } from './evaluation.js';
import { finishReason, spanEnd, type SpanEnd, type SpanFailure } from './span-ends.js';
import { spanStart, type SpanStart, type SpanStartOptions } from './span-starts.js';

export interface RunSpansOptions extends SpanStartOptions {
  readonly tracer: Tracer;
  /** What runs are below. */
  readonly parent: Context;
  /** Called as a span ends that events have begun. */
  readonly onEnd: (event: SweLancerEvent, begun: SpanStart) => void;
}

interface OpenSpan {
  readonly span: Span;
  readonly begun: SpanStart;
  readonly attempt: string;
  readonly runId: string | undefined;
  /** The failure of a phase says why its task failed. */
  cause?: SpanFailure | undefined;
  /** What a model wrote or a tool answered, where content is captured. */
  text: string;
}

/** Of what a model writes or a tool answers, kept for its span. Characters. */
const maxText = 64 * 1024;

/** Keeps the spans that are open. An attempt's are forgotten when it ends, a run's when it does. */
export class RunSpans {
  readonly #options: RunSpansOptions;
  readonly #open = new Map<string, OpenSpan>();
  /** Ended spans of attempts under way: what comes late still finds its place. */
  readonly #ended = new Map<string, Map<string, SpanContext>>();
  readonly #runs = new Map<string, Span>();

  constructor(options: RunSpansOptions) {
    this.#options = options;
  }

  take(event: SweLancerEvent): void {
    const start = spanStart(event, this.#options);
    if (start !== undefined) {
      this.#begin(event, start);
      return;
    }
    const end = spanEnd(event);
    if (end !== undefined) {
      this.#end(event, end);
      return;
    }
    const open = this.#openOf(event);
    if (event.type === 'model.output' || event.type === 'tool.output') {
      if (open !== undefined && this.#options.captureContent)
        open.text = (open.text + event.text).slice(0, maxText);
    } else if (told.has(event.type)) {
      const around = open ?? this.#open.get(event.parentSpanId ?? '');
      around?.span.addEvent(`swelancer.${event.type}`, this.#facts(event), event.time);
    }
  }

  /** Ends what is open, and says that nobody told of its end. Spans within before those around. */
  endAll(runId?: string): void {
    for (const [id, open] of [...this.#open].reverse()) {
      if (runId !== undefined && open.runId !== runId) continue;
      open.span.setAttribute(swelancer.unfinished, true);
      open.span.end();
      this.#open.delete(id);
    }
    if (runId === undefined) this.#ended.clear();
  }

  #begin(event: SweLancerEvent, begun: SpanStart): void {
    const { spanId, runId } = event;
    if (spanId === undefined) return;
    const { tracer } = this.#options;
    const span = tracer.startSpan(
      begun.name,
      {
        kind: begun.kind,
        startTime: event.time,
        attributes: { ...place(event), ...begun.attributes },
      },
      this.#around(event),
    );
    const attempt = attemptOf(event);
    this.#open.set(spanId, { span, begun, attempt, runId, text: '' });
    if (event.type === 'run.started' && runId !== undefined) this.#runs.set(runId, span);
    if (event.type === 'task.started') this.#ended.set(attempt, new Map());
  }

  #end(event: SweLancerEvent, { attributes, failure }: SpanEnd): void {
    const open = this.#openOf(event);
    if (open === undefined || event.spanId === undefined) return;
    const { span, begun } = open;
    this.#open.delete(event.spanId);
    this.#ended.get(open.attempt)?.set(event.spanId, span.spanContext());
    if (event.type === 'phase.failed' && failure !== undefined) this.#tellTask(event, failure);
    span.setAttributes({ ...attributes, ...this.#content(event, open) });
    const evaluation = evaluationOf(event, this.#options.captureContent);
    if (evaluation !== undefined) span.addEvent(evaluationResult, evaluation, event.time);
    const cause = failure && (open.cause ?? failure);
    if (cause !== undefined) this.#fail(span, cause);
    span.end(event.time);
    if (event.type === 'task.finished') this.#ended.delete(open.attempt);
    if (event.type === 'run.finished' && event.runId !== undefined) {
      this.#runs.delete(event.runId);
      this.endAll(event.runId);
    }
    this.#options.onEnd(event, begun);
  }

  #tellTask({ parentSpanId }: SweLancerEvent, failure: SpanFailure): void {
    const task = this.#open.get(parentSpanId ?? '');
    if (task !== undefined) task.cause ??= failure;
  }

  #fail(span: Span, { code, message }: SpanFailure): void {
    span.setAttribute(errorType, code);
    const text = this.#options.captureContent && message !== undefined ? `${code}: ${message}` : code;
    span.setStatus({ code: SpanStatusCode.ERROR, message: text });
  }

  #content(event: SweLancerEvent, { text }: OpenSpan): Attributes {
    if (text === '') return {};
    if (event.type === 'tool.returned' || event.type === 'tool.failed') return { [genAi.toolResult]: text };
    if (event.type !== 'model.responded') return {};
    const message = {
      role: 'assistant',
      parts: [{ type: 'text', content: text }],
      finish_reason: finishReason(event.stopReason),
    };
    return { [genAi.outputMessages]: JSON.stringify([message]) };
  }

  #facts(event: SweLancerEvent): Attributes {
    const error = 'error' in event ? event.error : undefined;
    return {
      ...(error !== undefined && { [errorType]: error.code }),
      ...(event.type === 'limit.reached' && {
        'swelancer.limit': event.limit,
        'swelancer.limit.value': event.value,
      }),
      ...(event.type === 'model.retried' && { 'swelancer.wait': event.waitMs / 1_000 }),
      ...(event.type === 'diagnostic' &&
        this.#options.captureContent && { 'swelancer.message': event.message }),
    };
  }

  #openOf({ spanId }: SweLancerEvent): OpenSpan | undefined {
    return spanId === undefined ? undefined : this.#open.get(spanId);
  }

  /** The span around an event's own: open or not, else its attempt's run, else whatever the caller's program does. */
  #around(event: SweLancerEvent): Context {
    const { parentSpanId = '', runId = '' } = event;
    const { parent } = this.#options;
    const open = this.#open.get(parentSpanId)?.span.spanContext();
    const around =
      open ?? this.#ended.get(attemptOf(event))?.get(parentSpanId) ?? this.#runs.get(runId)?.spanContext();
    return around === undefined ? parent : trace.setSpanContext(parent, around);
  }
}

function attemptOf({ runId, taskId, epoch, attempt }: SweLancerEvent): string {
  return JSON.stringify([runId, taskId, epoch, attempt]);
}

function place({ runId, taskId, epoch, attempt, phase, computerId }: SweLancerEvent): Attributes {
  return {
    [swelancer.run]: runId,
    [swelancer.task]: taskId,
    [swelancer.epoch]: epoch,
    [swelancer.attempt]: attempt,
    [swelancer.phase]: phase,
    [swelancer.computer]: computerId,
  };
}

/** Neither begin nor end a span, and are worth a mark in one. */
const told: ReadonlySet<SweLancerEvent['type']> = new Set<SweLancerEvent['type']>([
  'command.reattached',
  'computer.degraded',
  'computer.lost',
  'context.trimmed',
  'diagnostic',
  'limit.reached',
  'model.retried',
  'patch.extracted',
  'task.retrying',
]);
