import type { Agent, AgentFunction, AgentLimits } from '../agent/agent.js';
import type { AgentUsage } from '../agent/agent-usage.js';
import type { TranscriptSink } from '../agent/transcript/transcript-sink.js';
import type { ComputerInterface, ComputerRuntime } from '../computer/computer-interface.js';
import type { Task } from '../dataset/task.js';
import type { SweLancerEvent } from '../events/event.js';
import type { RunEvents } from '../events/run-events.js';
import type { Secret } from '../redaction.js';
import type { UngradedResult } from '../result/task-result.js';
import type { Scorer } from '../scorer/scorer.js';
import type { ArtifactOptions } from '../swelancer/grading/round-artifacts.js';
import type { PromptSource } from '../swelancer/prompt/build-prompt.js';
import type { ComputerOptions } from '../swelancer/provision.js';
import type { SharedSetups } from '../swelancer/shared-setups.js';
import type { Deadlines } from './deadlines.js';
import type { Gates } from './gates.js';

/** Where an agent's work is graded. */
export type GradingMode =
  /** In a computer of its own, which no agent has touched. */
  | 'fresh'
  /** In the agent's computer, as upstream does. */
  | 'in-place';

export interface RunTaskOptions {
  readonly task: Task;
  readonly agent: Agent | AgentFunction;
  /** Makes the task's computers. Needed unless `computer` is given. */
  readonly runtime?: ComputerRuntime | undefined;
  /**
   * A computer that somebody else owns: ready to be prepared, neither started nor stopped here. Graded in place, unless
   * there is a `runtime` too.
   */
  readonly computer?: ComputerInterface | undefined;
  /** Images, environment, resources and layout of the task's computers. */
  readonly computers?: ComputerOptions | undefined;
  /**
   * Where set-ups are shared: `sharedSetups()`, given to every attempt that is to take part. Default: the computers of
   * this attempt share theirs. `false`: each of them goes through its own.
   */
  readonly setups?: SharedSetups | false | undefined;
  /** Default: the task's own (`taskScorer()`). */
  readonly scorer?: Scorer | undefined;
  /** Default `fresh` where there is a runtime, else `in-place`. */
  readonly grading?: GradingMode | undefined;
  /** Default: our own words for IC and manager tasks. */
  readonly prompt?: PromptSource | undefined;
  /** Whether the agent of an IC task may run the user's walk through the app. Default true. */
  readonly userTool?: boolean | undefined;
  /** What may be spent. Default: no limit. */
  readonly limits?: AgentLimits | undefined;
  readonly deadlines?: Partial<Deadlines> | undefined;
  /** Gets every event. An emitter of yours, or a function. */
  readonly events?: RunEvents | ((event: SweLancerEvent) => void) | undefined;
  /** Gets what the agent says and is told, as it happens and without secrets: `transcriptFile(path)`. */
  readonly transcript?: TranscriptSink | undefined;
  /** Keeps recordings, screenshots and logs that the rounds of tests leave. Default: none. */
  readonly artifacts?: ArtifactOptions | undefined;
  /** Replaced by `[redacted]` in events, errors and logs, besides those among environment variables. */
  readonly secrets?: readonly Secret[] | undefined;
  /** Ends the task at any point; its result is `cancelled` then, and nothing is left behind. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Gets the agent's work before it is graded. Keep it, and `gradeTask({ saved })` grades it whatever becomes of this process.
   * A rejection fails the attempt.
   */
  readonly checkpoint?: ((work: UngradedResult) => Promise<void>) | undefined;
  /**
   * Gets what the agent has spent, each time it tells; first as it begins, with nothing. What a process that may die keeps of
   * an attempt that never comes to a result.
   */
  readonly onUsage?: ((usage: AgentUsage) => void) | undefined;
  /** Where it may have to wait for other tasks. Default: nowhere. */
  readonly gates?: Gates | undefined;
  /** Names the run in events and in the result. Default: a fresh id. */
  readonly runId?: string | undefined;
  /** Which sample of the task it is, from 1. Default 1. */
  readonly epoch?: number | undefined;
  /** Which try at this sample it is, from 1. Default 1. */
  readonly attempt?: number | undefined;
}
