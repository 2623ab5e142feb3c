import type { Computer } from '../computer/computer.js';
import type { PublicTask } from '../dataset/task.js';
import type { EventScope } from '../events/event-scope.js';
import type { Gate } from '../gate.js';
import type { Prompt } from '../swelancer/prompt/prompt.js';
import type { UserToolResult } from '../swelancer/user-tool.js';
import type { AgentUsage } from './agent-usage.js';
import type { TranscriptSink } from './transcript/transcript-sink.js';

/** Works on one task in one computer. What it leaves in the repository, or in the answer file, is graded. */
export interface Agent {
  readonly name: string;
  /**
   * What decides how it works, such as its model, as plain JSON: a run refuses what JSON would change, such as `Infinity`. A
   * run's folder keeps it, and refuses to go on with another.
   */
  readonly configuration?: Readonly<Record<string, unknown>> | undefined;
  solve(context: AgentContext): Promise<AgentOutcome>;
}

/** Any async function is an agent too. */
export type AgentFunction = (context: AgentContext) => Promise<AgentOutcome | undefined | void>;

/** All that an agent is given. No tests, gold patches or answers are within its reach. */
export interface AgentContext {
  readonly task: PublicTask;
  readonly prompt: Prompt;
  /** Cleaning it up is the harness's business: `cleanup()` does nothing here. */
  readonly computer: Computer;
  /** The repository, absolute on this computer. */
  readonly workingDirectory: string;
  /** Where the answer belongs, absolute on this computer. Undefined where the working tree is graded, as IC tasks are. */
  readonly answerFile: string | undefined;
  /** Runs the user's own walk through the app on the current state. Undefined where it is switched off. */
  readonly userTool:
    | ((options?: { signal?: AbortSignal | undefined }) => Promise<UserToolResult>)
    | undefined;
  readonly limits: AgentLimits;
  /** Milliseconds an agent should allow for each command. Default of the harness: 300,000, upstream's. */
  readonly commandTimeoutMs: number;
  /** Fires when the run is cancelled or the agent's wall clock is over. */
  readonly signal: AbortSignal;
  readonly events: EventScope;
  /** Gets what is said and done, redacted, as it happens. Undefined where nobody asked for a transcript. */
  readonly transcript?: TranscriptSink | undefined;
  /** Goes around each call to a model where a run bounds them over all its tasks. */
  readonly modelGate?: Gate | undefined;
  /**
   * Keeps what has been spent so far, so that it is in the result even if the agent throws or is cancelled.
   * The last call counts.
   */
  reportUsage(usage: AgentUsage): void;
}

/** Each limit that is hit ends the agent, is named in the result, and what is there is graded. Default: none. */
export interface AgentLimits {
  readonly turns?: number | undefined;
  readonly toolCalls?: number | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly costDollars?: number | undefined;
  /** Time spent waiting for the model, in milliseconds. */
  readonly modelMs?: number | undefined;
  /** Wall clock of the whole solve phase, in milliseconds. */
  readonly wallClockMs?: number | undefined;
}

export type AgentLimitName = keyof AgentLimits;

export interface AgentOutcome {
  /** Which limit ended the agent, if one did. */
  readonly endedByLimit?: AgentLimitName | undefined;
  /** Last words of the agent, for reports. */
  readonly message?: string | undefined;
  readonly usage?: AgentUsage | undefined;
  /** Anything else worth keeping, as plain JSON. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}
