import type { PublicTask } from '../../dataset/task.js';
import type { Layout } from '../layout.js';

/** What a template can build on. Nothing here is secret. */
export interface PromptInput {
  readonly task: PublicTask;
  readonly layout: Layout;
  /** Whether the agent has the user tool. */
  readonly userTool: boolean;
  /** Whether its computer is known to be cut off. Default: false, and nothing is said about it. */
  readonly cutOff?: boolean | undefined;
}
