import type { ErrorRecord } from '../../errors.js';
import type { Usage } from '../../events/event.js';
import type {
  AssistantMessage,
  ModelTool,
  StopReason,
  SystemMessage,
  ToolMessage,
  UserMessage,
} from '../../model/model-client.js';
import type { AgentUsage } from '../agent-usage.js';

/** One line of a transcript: all that an agent said, was told and did, in the order in which it happened. */
export type TranscriptEntry = TranscriptStart | TranscriptMessage | TranscriptEnd;

export interface TranscriptStart {
  readonly type: 'start';
  readonly schema: 1;
  /** ISO 8601, as every `time` here. */
  readonly time: string;
  readonly agent: string;
  /** The agent's own instructions, such as `tool/1`. */
  readonly agentVersion: string;
  readonly taskId: string;
  readonly promptVersion: string;
  readonly model?: string | undefined;
  readonly tools?: readonly ModelTool[] | undefined;
  readonly runId?: string | undefined;
  readonly epoch?: number | undefined;
  readonly attempt?: number | undefined;
}

/** A message as the model saw or wrote it. Nothing is trimmed here, even where the model was shown less. */
export interface TranscriptMessage {
  readonly type: 'message';
  readonly time: string;
  /** From 1; 0 before the first turn. */
  readonly turn: number;
  /** Without the provider's own form of it. */
  readonly message: SystemMessage | UserMessage | Omit<AssistantMessage, 'native'> | ToolMessage;
  /** What it took to get this message, where a model wrote it. */
  readonly call?: TranscriptCall | undefined;
}

export interface TranscriptCall {
  readonly model: string;
  readonly stopReason: StopReason;
  readonly usage: Usage;
  readonly costDollars?: number | undefined;
  readonly durationMs: number;
  /** Calls that failed before this one. Their tokens are not in `usage`. */
  readonly failedAttempts?: readonly TranscriptAttempt[] | undefined;
}

export interface TranscriptAttempt {
  readonly error: ErrorRecord;
  readonly waitMs: number;
  /** As far as the provider told it. */
  readonly usage?: Usage | undefined;
  readonly costDollars?: number | undefined;
}

export interface TranscriptEnd {
  readonly type: 'end';
  readonly time: string;
  /** Failed calls and repetitions included. */
  readonly usage: AgentUsage;
  readonly endedByLimit?: string | undefined;
  readonly message?: string | undefined;
  /** What the agent threw, a cancellation included. */
  readonly error?: ErrorRecord | undefined;
}

/** A transcript that has been read back. One without an `end` was cut off. */
export interface Transcript {
  readonly start: TranscriptStart;
  readonly messages: readonly TranscriptMessage[];
  readonly end?: TranscriptEnd | undefined;
}
