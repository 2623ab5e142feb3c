import type { Usage } from '../events/event.js';

/** What an agent has spent, as far as it is known. */
export interface AgentUsage extends Usage {
  readonly turns?: number | undefined;
  readonly toolCalls?: number | undefined;
  readonly modelCalls?: number | undefined;
  readonly modelMs?: number | undefined;
  /** Calls whose tokens the provider did not tell: the sums leave theirs out. */
  readonly callsWithUnknownUsage?: number | undefined;
  /** Undefined where the cost of a call is unknown, never 0 then. */
  readonly costDollars?: number | undefined;
}
