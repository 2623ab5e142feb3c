import type { ErrorRecord, Phase } from '../errors.js';

/** Everything a run tells its listeners: one payload for each event type. All of it is plain JSON. */
export interface EventMap {
  'run.started': {
    tasks: number;
    epochs: number;
    samples: number;
    /** Of all samples. */
    availableDollars: number;
    /** What an earlier session of the run has left: samples finished, attempts it died in, lines it could not trust. */
    found?: { finished: number; interrupted: number; damagedLines: number; tornBytes: number };
  };
  'run.paused': Empty;
  'run.continued': Empty;
  'run.finished': {
    outcome: 'completed' | 'cancelled' | 'stopped' | 'failed';
    samples: number;
    earnedDollars: number;
    durationMs: number;
  };
  /** An attempt had a fault, and another follows: of the whole sample, or of grading only. */
  'task.retrying': { redo: 'attempt' | 'grading'; fault: number; waitMs: number; error: ErrorRecord };
  'task.started': { variant: string; priceDollars: number; title: string };
  'task.finished': {
    status: 'scored' | 'error' | 'cancelled';
    outcome?: string;
    earnedDollars: number;
    durationMs: number;
  };
  'phase.started': {
    /** The agent's name, of the solve phase. */
    agent?: string;
  };
  'phase.finished': { durationMs: number };
  'phase.failed': { durationMs: number; error: ErrorRecord };

  'computer.starting': {
    purpose: string;
    runtime: string;
    image: string;
    /** `snapshot`: the image was made of a computer whose set-up was done. */
    setup: 'full' | 'snapshot';
  };
  'computer.created': { purpose: string; description: string };
  'computer.started': { purpose: string; durationMs: number };
  'computer.start_failed': { purpose: string; durationMs: number; error: ErrorRecord };
  'computer.degraded': { reason: string };
  'computer.lost': { error: ErrorRecord };
  'computer.cleanup.started': Empty;
  'computer.cleanup.finished': { durationMs: number };
  'computer.cleanup.failed': { durationMs: number; error: ErrorRecord };
  'computer.snapshot.started': Empty;
  'computer.snapshot.finished': { image: string; durationMs: number };
  'computer.snapshot.failed': { durationMs: number; error: ErrorRecord };
  'network.changing': { policy: string };
  'network.changed': { policy: string; method: string; checks: number; durationMs: number };
  'network.change_failed': { policy: string; durationMs: number; error: ErrorRecord };
  'image.pull.started': { image: string };
  'image.pull.progress': { image: string; receivedBytes: number; totalBytes: number; layers: number };
  'image.pull.finished': { image: string; durationMs: number };
  'image.pull.failed': { image: string; durationMs: number; error: ErrorRecord };

  'command.started': {
    commandId: string;
    command: string;
    label?: string;
    cwd?: string;
    user?: string;
    /** Absent: `sh`. */
    shell?: string;
    timeoutMs?: number;
  };
  'command.output': { commandId: string; stream: 'stdout' | 'stderr'; text: string };
  /** Printed by a process that a command left behind, after the command's end. `omittedBytes`: more came and is not kept. */
  'command.late_output': {
    commandId: string;
    stream: 'stdout' | 'stderr';
    text: string;
    omittedBytes?: number;
  };
  /** A durable command was found again after its link was lost. Its one end is still to come. */
  'command.reattached': { commandId: string; lostMs: number };
  'command.finished': CommandEnd & { leftoverProcesses: number | null; outOfMemory: boolean };
  'command.timed_out': CommandEnd & { kill: KillSummary };
  'command.aborted': CommandEnd & { kill: KillSummary };
  'command.failed': { commandId: string; durationMs: number; error: ErrorRecord };
  'file.upload.started': { path: string };
  'file.upload.finished': { path: string; bytes: number | null; durationMs: number };
  'file.upload.failed': { path: string; durationMs: number; error: ErrorRecord };
  'file.download.started': { path: string };
  'file.download.finished': { path: string; bytes: number; durationMs: number };
  'file.download.failed': { path: string; durationMs: number; error: ErrorRecord };

  'agent.turn.started': { turn: number };
  'agent.turn.finished': { turn: number; durationMs: number };
  'model.requested': { model: string; messages: number; estimatedTokens?: number };
  'model.output': { model: string; text: string };
  'model.responded': {
    model: string;
    stopReason: string;
    usage: Usage;
    costDollars?: number;
    /** The provider's id of the answer. */
    responseId?: string;
    durationMs: number;
  };
  'model.retried': {
    model: string;
    attempt: number;
    waitMs: number;
    error: ErrorRecord;
    usage?: Usage;
    costDollars?: number;
  };
  'model.failed': { model: string; durationMs: number; error: ErrorRecord };
  'context.trimmed': {
    droppedMessages: number;
    shortenedMessages: number;
    estimatedTokens: number;
    limitTokens: number;
  };
  'tool.called': { callId: string; tool: string; input: unknown };
  /** What the model is told, before the call's end. An image is named, not told. */
  'tool.output': { callId: string; tool: string; text: string };
  'tool.returned': { callId: string; tool: string; durationMs: number; outputBytes: number };
  'tool.failed': { callId: string; tool: string; durationMs: number; error: ErrorRecord };
  'user_tool.started': { place: 'side-computer' | 'in-place' };
  'user_tool.finished': { traces: readonly string[]; failedStep?: string; durationMs: number };
  'user_tool.failed': { durationMs: number; error: ErrorRecord };
  'limit.reached': { limit: string; value: number };

  'patch.extracted': { bytes: number; files: number; baseCommit: string };
  'scoring.started': { scorer: string };
  'scoring.try.started': { try: number };
  'scoring.try.finished': { try: number; exitCode: number | null; failedStep?: string; durationMs: number };
  'scoring.try.failed': { try: number; durationMs: number; error: ErrorRecord };
  /** What a round left to be looked at is fetched, where it is kept. Failing changes no verdict. */
  'artifacts.collecting': { try: number };
  'artifacts.collected': {
    try: number;
    files: readonly { readonly name: string; readonly bytes: number }[];
    /** Beyond the caps. */
    leftOut: number;
    durationMs: number;
  };
  'artifacts.failed': { try: number; durationMs: number; error: ErrorRecord };
  'scoring.decided': {
    scorer: string;
    outcome: string;
    score: number;
    earnedDollars: number;
    explanation: string;
  };
  'scoring.failed': { scorer: string; error: ErrorRecord };

  /** Something of ours or of the caller went wrong without changing a result, such as a listener that threw. */
  diagnostic: { message: string; error?: ErrorRecord };
}

/** No payload: the context says it all. */
type Empty = Record<string, never>;

interface CommandEnd {
  commandId: string;
  exitCode: number | null;
  durationMs: number;
  stdoutBytes: number;
  stderrBytes: number;
}

interface KillSummary {
  outcome: 'confirmed' | 'unconfirmed' | 'unsupported';
  killed: number;
  survivors: number | null;
}

/** Tokens. `undefined` is unknown, which is not 0. */
export interface Usage {
  /** Includes cached ones. */
  readonly inputTokens?: number | undefined;
  readonly cachedInputTokens?: number | undefined;
  readonly cacheWriteTokens?: number | undefined;
  /** Includes reasoning. */
  readonly outputTokens?: number | undefined;
  readonly reasoningTokens?: number | undefined;
}

export type EventType = keyof EventMap;

/** Where and when an event happened. */
export interface EventContext {
  readonly runId?: string | undefined;
  readonly taskId?: string | undefined;
  /** Which sample of the task it is, from 1. */
  readonly epoch?: number | undefined;
  /** Which try at this sample it is, from 1. */
  readonly attempt?: number | undefined;
  readonly phase?: Phase | undefined;
  readonly computerId?: string | undefined;
  readonly spanId?: string | undefined;
  readonly parentSpanId?: string | undefined;
}

export interface EventEnvelope extends EventContext {
  readonly schema: 1;
  /** From 1, without gaps, within one emitter. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Milliseconds since the emitter was made, monotonic. */
  readonly elapsedMs: number;
}

/** Any event. Switch on `type`. */
export type SweLancerEvent = {
  [T in EventType]: EventEnvelope & { readonly type: T } & Readonly<EventMap[T]>;
}[EventType];
export type EventOf<T extends EventType> = Extract<SweLancerEvent, { type: T }>;

export type EmitEvent = <T extends EventType>(type: T, data: EventMap[T]) => void;
