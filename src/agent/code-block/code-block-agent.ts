import type { Agent, AgentContext } from '../agent.js';
import { answerProblem } from '../answer-problem.js';
import { interactivePath } from '../execution/interactive-path.js';
import type { AgentSession } from '../session/agent-session.js';
import { modelAgentSettings } from '../session/model-agent-settings.js';
import { type ModelAgentOptions, runSession } from '../session/run-session.js';
import { codeBlockPrompt } from './code-block-prompt.js';
import { asksForNothing } from './block-answer.js';
import { parityAnswer } from './parity-answer.js';
import { parityContextTokens, parityFit } from './parity-messages.js';
import { parityReply } from './parity-reply.js';
import { repairedAnswer } from './repaired-answer.js';
import { repairedReply, turnsLeftLine } from './repaired-reply.js';
import { noBoundAsNull } from '../../no-bound-as-null.js';

export interface CodeBlockAgentOptions extends ModelAgentOptions {
  /** Default: 40, upstream's. */
  readonly maxTurns?: number | undefined;
  /**
   * `true` keeps the rules of the published agent, traps included: the first `python` block only, code as an argument,
   * `done` matched without trimming, no exit code, output not cut below 16 MiB, the user tool under the time limit of a
   * program, trimming that drops single messages. Default: false.
   */
  readonly parity?: boolean | undefined;
  /** Bytes of a program's output that the model is shown, half from its start and half from its end. Default: 32 KiB. */
  readonly maxOutputBytes?: number | undefined;
  /** How to act, appended to the task. Default: our own words for the mode. */
  readonly instructions?: string | undefined;
}

/**
 * The published scaffold: the model writes a message, the Python in it is run in the repository, the output is the next
 * message; `<user-tool>` runs the user tool and `DONE` ends it. A program gets `context.commandTimeoutMs`, upstream's
 * 300 s by default, and is ended with its whole process tree then.
 *
 * Unless `parity` is set, these traps of the published agent are repaired: several blocks and other usual tags are run,
 * a `DONE` with a full stop or a sentence before it counts, the tag of the user tool counts outside of code only, code
 * is not an argument, exit codes are shown, output is cut in its middle, and the user tool has a time limit of its own.
 */
export function codeBlockAgent(options: CodeBlockAgentOptions): Agent {
  const { parity = false, maxTurns = 40, maxOutputBytes = 32 * 1024, images = false } = options;
  const mode = parity ? 'code-block-parity' : 'code-block';
  const [readAnswer, reply] = parity ? [parityAnswer, parityReply] : [repairedAnswer, repairedReply];
  const sessionOptions = {
    ...options,
    name: options.name ?? mode,
    version: options.instructions === undefined ? `${mode}/1` : 'custom',
    maxTurns,
    ...(parity && {
      fit: parityFit(options.estimate),
      defaultContextTokens: parityContextTokens,
      roomForAnswer: false,
    }),
  };

  const work = async (context: AgentContext, session: AgentSession): Promise<string | undefined> => {
    await sayTask(context, session);
    const environment = parity ? {} : await interactivePath(context);
    let lastWords: string | undefined;
    while (lastWords === undefined) {
      lastWords = await session.turn(async (events) => {
        const { message, stopReason } = await session.ask(options.sampling ?? {}, events);
        const answer = readAnswer(message.content, stopReason);
        const turn = { context, session, events, images, maxOutputBytes, environment };
        if (answer.done && asksForNothing(answer) && answer.problem === undefined) {
          const problem = options.validateAnswer === true ? await answerProblem(context) : undefined;
          if (problem === undefined) return message.content;
          await session.say({ role: 'user', content: `${problem}\n${turnsLeftLine(turn)}` });
        } else await session.say({ role: 'user', content: await reply(answer, turn) });
        return undefined;
      });
    }
    return lastWords;
  };

  const sayTask = async ({ prompt, ...context }: AgentContext, session: AgentSession) => {
    const instructions =
      options.instructions ??
      codeBlockPrompt({
        parity,
        userTool: context.userTool !== undefined,
        timeoutSeconds: context.commandTimeoutMs / 1000,
        maxOutputBytes,
        turns: Number.isFinite(session.turnsLeft) ? session.turnsLeft : undefined,
      });
    const last = prompt.messages.length - 1;
    for (const [index, message] of prompt.messages.entries()) {
      const content = index === last ? `${message.content}\n\n${instructions}` : message.content;
      await session.say({ ...message, content });
    }
  };

  return {
    name: sessionOptions.name,
    configuration: noBoundAsNull({ ...modelAgentSettings(sessionOptions), parity, maxOutputBytes }),
    solve: (context) => runSession(context, sessionOptions, (session) => work(context, session)),
  };
}
