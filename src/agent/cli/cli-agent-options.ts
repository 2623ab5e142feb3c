import type { CommandResult } from '../../computer/computer-interface.js';
import type { Environment } from '../../redaction.js';
import type { AgentContext, AgentLimitName } from '../agent.js';
import type { AgentUsage } from '../agent-usage.js';

export interface CliAgentOptions {
  /** Names the agent in results, such as `claude-code`. */
  readonly name: string;
  /**
   * A bash script that runs the program in the repository and returns when it is done, such as
   * `my-agent --yes < "$PROMPT_FILE"`. It finds the task in the file `$PROMPT_FILE`, and where a manager's answer
   * belongs in `$ANSWER_FILE`. A function is told the limits, to pass them on as flags.
   */
  readonly command: string | ((context: AgentContext) => string);
  /** Of the program, beside the computer's own. Put keys in `Secret`: they reach the program and no log. */
  readonly environment?: Environment | undefined;
  /** Limits that `command` makes the program keep. Any other limit but the wall clock is refused: nobody would keep it. */
  readonly keepsLimits?: readonly AgentLimitName[] | undefined;
  /** Milliseconds the program may take; what is there then is graded. Default: 3,600,000. */
  readonly timeoutMs?: number | undefined;
  /**
   * Runs first, to install the program. It cannot open the network: name the model's endpoint, and the registry of the
   * program, in `computers: { allowHosts }`.
   */
  readonly before?: ((context: AgentContext) => Promise<void>) | undefined;
  /**
   * What one run of the program says it has spent, from its output or from its files. Asked after each run, one that failed
   * or ran out of time too; the runs are added up. When it throws, a `diagnostic` says so and that run's usage is unknown.
   */
  readonly readUsage?:
    | ((result: CommandResult, context: AgentContext) => Promise<AgentUsage> | AgentUsage)
    | undefined;
  /** Exit codes by which the program says that it has done its work. Default: `[0]`. */
  readonly successExitCodes?: readonly number[] | undefined;
  /** For manager tasks: run the program again, at most twice, when its answer file cannot be graded. Default: false. */
  readonly validateAnswer?: boolean | undefined;
  /** How to act, appended to the task. Default: our own words. */
  readonly instructions?: string | undefined;
}
