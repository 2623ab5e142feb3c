import { type ErrorRecord, toErrorRecord } from '../../errors.js';
import { type EventScope, observe } from '../../events/event-scope.js';
import { contentParts } from '../../model/message-content.js';
import type {
  ContentPart,
  ModelMessage,
  ModelRequest,
  ModelResponse,
  ToolCall,
} from '../../model/model-client.js';
import { type Prices, priceOf } from '../../model/prices.js';
import type { Spending } from '../../model/spending.js';
import type { AgentContext } from '../agent.js';
import type { AgentUsage } from '../agent-usage.js';
import { LimitReached } from './limit-reached.js';
import type { TranscriptCall, TranscriptEntry, TranscriptMessage } from '../transcript/transcript-entry.js';

/** A conversation under way: its messages, what it has cost, and the limits it runs under. */
export interface AgentSession {
  /** All of it, also what the model is no longer shown. */
  readonly messages: readonly ModelMessage[];
  /** Turns left under the tightest limit; Infinity without one. */
  readonly turnsLeft: number;
  /** Adds a message that is not the model's. */
  say(message: ModelMessage): Promise<void>;
  /** One turn, between its events. @throws LimitReached before it begins */
  turn<T>(work: (events: EventScope) => Promise<T>): Promise<T>;
  /** Asks the model about the conversation so far and adds its answer. @throws LimitReached, ModelError */
  ask(request: Omit<ModelRequest, 'messages'>, events: EventScope): Promise<ModelResponse>;
  /** Counts a tool call. @throws LimitReached when it must not be made */
  countToolCall(): void;
  /** Runs a counted call between its events. What it was answered goes to the model, failures included. */
  observeTool<Result extends ToolEnd>(
    call: { readonly id: string; readonly name: string; readonly input: unknown },
    events: EventScope,
    work: (events: EventScope) => Promise<Result>,
  ): Promise<Result>;
}

/** What the events at the end of a tool call need to know. */
export interface ToolEnd {
  /** What the model is told. */
  readonly content: string | readonly ContentPart[];
  readonly outputBytes: number;
  /** Why the call failed, where it did. */
  readonly failure?: ErrorRecord | undefined;
}

export interface SessionParts {
  readonly context: AgentContext;
  readonly maxTurns: number;
  readonly spending: () => Spending;
  readonly generate: (request: ModelRequest, events: EventScope) => Promise<ModelResponse>;
  readonly write: (entry: TranscriptEntry) => Promise<void>;
  /** Default: the built-in table. */
  readonly prices?: Prices | undefined;
}

export interface OpenSession extends AgentSession {
  usage(): AgentUsage;
}

export function openSession(parts: SessionParts): OpenSession {
  const { context, maxTurns, spending, generate, write, prices } = parts;
  const messages: ModelMessage[] = [];
  const turnLimit = Math.min(maxTurns, context.limits.turns ?? Infinity);
  const toolLimit = context.limits.toolCalls ?? Infinity;
  let turns = 0;
  let toolCalls = 0;

  const usage = (): AgentUsage => {
    const spent = spending();
    return {
      inputTokens: spent.inputTokens,
      cachedInputTokens: spent.cachedInputTokens,
      cacheWriteTokens: spent.cacheWriteTokens,
      outputTokens: spent.outputTokens,
      reasoningTokens: spent.reasoningTokens,
      costDollars: spent.costDollars,
      modelCalls: spent.modelCalls,
      callsWithUnknownUsage: spent.callsWithUnknownUsage,
      modelMs: spent.modelMs,
      turns,
      toolCalls,
    };
  };
  const record = async (message: ModelMessage, call?: ModelResponse, durationMs = 0) =>
    write({
      type: 'message',
      time: new Date().toISOString(),
      turn: turns,
      message: withoutNative(message),
      ...(call && { call: callOf(call, durationMs, prices) }),
    });

  return {
    messages,
    usage,
    get turnsLeft() {
      return turnLimit - turns;
    },
    say: async (message) => {
      messages.push(message);
      await record(message);
    },
    turn: async (work) => {
      if (turns >= turnLimit) throw new LimitReached('turns', turnLimit);
      turns++;
      context.reportUsage(usage());
      const turn = turns;
      return await observe(
        context.events,
        {
          start: ['agent.turn.started', { turn }],
          finished: (_result, durationMs) => ['agent.turn.finished', { turn, durationMs }],
          failed: (_error, durationMs) => ['agent.turn.finished', { turn, durationMs }],
        },
        work,
      );
    },
    ask: async (request, events) => {
      const startedAt = performance.now();
      const response = await generate({ ...request, messages: [...messages] }, events);
      messages.push(response.message);
      await record(response.message, response, Math.round(performance.now() - startedAt));
      return response;
    },
    countToolCall: () => {
      if (toolCalls >= toolLimit) throw new LimitReached('toolCalls', toolLimit);
      toolCalls++;
      context.reportUsage(usage());
    },
    observeTool: async ({ id, name, input }, events, work) =>
      observe(
        events,
        {
          start: ['tool.called', { callId: id, tool: name, input }],
          finished: ({ failure, outputBytes }, durationMs) =>
            failure === undefined
              ? ['tool.returned', { callId: id, tool: name, durationMs, outputBytes }]
              : ['tool.failed', { callId: id, tool: name, durationMs, error: failure }],
          failed: (error, durationMs) => ['tool.failed', { callId: id, tool: name, durationMs, error }],
        },
        async (span) => {
          const end = await work(span);
          if (span.isHeard('tool.output'))
            span.emit('tool.output', { callId: id, tool: name, text: toldText(end.content) });
          return end;
        },
      ),
  };
}

function toldText(content: string | readonly ContentPart[]): string {
  return contentParts(content)
    .map((part) => (part.type === 'text' ? part.text : `[${part.mediaType}]`))
    .join('\n');
}

function callOf(response: ModelResponse, durationMs: number, prices: Prices | undefined): TranscriptCall {
  const { model, stopReason, usage, costDollars, failedAttempts } = response;
  return {
    model,
    stopReason,
    usage,
    costDollars,
    durationMs,
    ...(failedAttempts && {
      failedAttempts: failedAttempts.map(({ error, waitMs }) => ({
        error: toErrorRecord(error),
        waitMs,
        ...(error.usage && {
          usage: error.usage,
          costDollars: error.costDollars ?? priceOf(error.model, error.usage, prices),
        }),
      })),
    }),
  };
}

function withoutNative(message: ModelMessage): TranscriptMessage['message'] {
  const copy = { ...message };
  if (copy.role === 'assistant') delete copy.native;
  return copy;
}

/** What a call of the model may be told to be, for events: its arguments, whatever they are. */
export function inputOf(call: ToolCall): unknown {
  return call.input.valid ? call.input.value : call.input.text;
}
