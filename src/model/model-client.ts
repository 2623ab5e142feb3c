import type { Usage } from '../events/event.js';
import type { EventScope } from '../events/event-scope.js';
import type { FailedAttempt } from './errors.js';

/** A language model: one request in, one answer out. Whatever implements this works with every agent here. */
export interface ModelClient {
  /** The model's name as the provider knows it, such as `gpt-4o`. Prices are looked up by it. */
  readonly id: string;
  /** The context window, where the caller has told it. Agents trim to it. */
  readonly contextTokens?: number | undefined;
  /** @throws ModelError, and nothing else for whatever the provider or the network did. */
  generate(request: ModelRequest, options?: ModelCallOptions): Promise<ModelResponse>;
}

export interface ModelRequest {
  readonly messages: readonly ModelMessage[];
  readonly tools?: readonly ModelTool[] | undefined;
  /** Default: the provider's own, which is `auto`. */
  readonly toolChoice?: 'auto' | 'required' | 'none' | undefined;
  /** Not sent unless set; several reasoning models refuse it. */
  readonly temperature?: number | undefined;
  /** Includes reasoning tokens. */
  readonly maxOutputTokens?: number | undefined;
  /** Passed on as it is: `low`, `medium`, `high` and whatever else the model takes. */
  readonly reasoningEffort?: string | undefined;
  /** Texts that end the answer. */
  readonly stop?: readonly string[] | undefined;
}

export interface ModelCallOptions {
  /** Reaches the socket: the request is gone when the call rejects. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for one attempt, from request to last byte. Default: 600 000. */
  readonly timeoutMs?: number | undefined;
  /** Called with each piece of the answer's text as it arrives, where the provider streams. */
  readonly onText?: ((text: string) => void) | undefined;
  readonly events?: EventScope | undefined;
}

export type ModelMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage;

export interface SystemMessage {
  readonly role: 'system';
  readonly content: string;
}

export interface UserMessage {
  readonly role: 'user';
  readonly content: string | readonly ContentPart[];
}

export interface AssistantMessage {
  readonly role: 'assistant';
  readonly content: string;
  /** What the model let be seen of its reasoning. Never sent back as text. */
  readonly reasoning?: string | undefined;
  readonly toolCalls?: readonly ToolCall[] | undefined;
  readonly native?: NativeContent | undefined;
}

/** The answer to one tool call. Every call of an assistant message is answered before the next message. */
export interface ToolMessage {
  readonly role: 'tool';
  readonly callId: string;
  readonly toolName: string;
  readonly content: string | readonly ContentPart[];
  /** Default: false. */
  readonly isError?: boolean | undefined;
}

export type ContentPart = TextPart | ImagePart;

export interface TextPart {
  readonly type: 'text';
  readonly text: string;
}

export interface ImagePart {
  readonly type: 'image';
  /** Such as `image/png`. */
  readonly mediaType: string;
  /** Base64. */
  readonly data: string;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly input: ToolInput;
}

/** What the model passed to a tool. Whether it fits the tool's schema is for the agent to see. */
export type ToolInput =
  | { readonly valid: true; readonly value: unknown }
  /** Not JSON: the text as it came, and why it could not be read. */
  | { readonly valid: false; readonly text: string; readonly error: string };

/**
 * A message in its provider's own form, so that signed or encrypted reasoning survives the round trip. Only the adapter
 * that wrote it reads it; whoever changes a message leaves it out.
 */
export interface NativeContent {
  readonly api: 'openai-chat' | 'openai-responses' | 'anthropic' | 'ai-sdk';
  readonly content: unknown;
}

export interface ModelTool {
  readonly name: string;
  readonly description: string;
  /** JSON schema of an object. `modelTool` makes it from zod. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
}

/** `length`: the answer was cut. `refusal`: the model declined. `content_filter`: the provider withheld the answer. */
export type StopReason = 'end' | 'tool_calls' | 'length' | 'refusal' | 'content_filter' | 'other';

export interface ModelResponse {
  readonly message: AssistantMessage;
  readonly stopReason: StopReason;
  readonly usage: Usage;
  /** The provider's own usage object. */
  readonly rawUsage?: unknown;
  /** As told by the provider, such as OpenRouter's `usage.cost`; `meteredModel` fills it in from prices. */
  readonly costDollars?: number | undefined;
  /** The model that answered: often a dated name. */
  readonly model: string;
  readonly id?: string | undefined;
  /** What it took to get here. Their tokens are not in `usage`. */
  readonly failedAttempts?: readonly FailedAttempt[] | undefined;
}
