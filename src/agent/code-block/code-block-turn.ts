import { toErrorRecord } from '../../errors.js';
import type { EventScope } from '../../events/event-scope.js';
import type { ContentPart } from '../../model/model-client.js';
import type { Environment } from '../../redaction.js';
import type { AgentContext } from '../agent.js';
import { isFatal } from '../execution/is-fatal.js';
import { userToolReport } from '../execution/user-tool-report.js';
import type { AgentSession, ToolEnd } from '../session/agent-session.js';
import type { BlockAnswer } from './block-answer.js';

/** What is needed to answer a model's message. */
export interface CodeBlockTurn {
  readonly context: AgentContext;
  readonly session: AgentSession;
  readonly events: EventScope;
  readonly images: boolean;
  readonly maxOutputBytes: number;
  /** For the programs. */
  readonly environment: Environment;
}

/** Does what an answer asks for and gives the next message to the model. */
export type Reply = (answer: BlockAnswer, turn: CodeBlockTurn) => Promise<string | readonly ContentPart[]>;

/** Runs one action as a counted tool call. Failures that are not ours to stop for become the content. */
export async function act(
  turn: CodeBlockTurn,
  tool: 'python' | 'user_tool',
  input: Readonly<Record<string, unknown>>,
  work: (context: AgentContext) => Promise<string | readonly ContentPart[]>,
): Promise<ToolEnd> {
  const { context, session, events } = turn;
  session.countToolCall();
  return session.observeTool(
    { id: `message-${session.messages.length}`, name: tool, input },
    events,
    async (span) => {
      try {
        const content = await work({ ...context, computer: context.computer.within(span) });
        return { content, outputBytes: bytesOf(content) };
      } catch (error) {
        if (isFatal(error, context.signal)) throw error;
        const failure = toErrorRecord(error);
        return { content: `Error: ${failure.message}`, outputBytes: 0, failure };
      }
    },
  );
}

export async function runUserTool(turn: CodeBlockTurn): Promise<string | readonly ContentPart[]> {
  const { userTool } = turn.context;
  if (userTool === undefined) return 'There is no user tool for this task.';
  const { content } = await act(turn, 'user_tool', {}, (context) =>
    userToolReport({ ...context, userTool }, turn),
  );
  return content;
}

function bytesOf(content: string | readonly ContentPart[]): number {
  if (typeof content === 'string') return Buffer.byteLength(content);
  return content.reduce(
    (total, part) => total + Buffer.byteLength(part.type === 'text' ? part.text : part.data),
    0,
  );
}
