import { digest } from '../../digest.js';
import { modelTool } from '../../model/model-tool.js';
import type { ModelRequest, ModelResponse, ToolCall } from '../../model/model-client.js';
import type { EventScope } from '../../events/event-scope.js';
import type { Agent, AgentContext } from '../agent.js';
import { answerProblem } from '../answer-problem.js';
import { interactivePath } from '../execution/interactive-path.js';
import { type AgentSession, inputOf } from '../session/agent-session.js';
import { LimitReached } from '../session/limit-reached.js';
import { modelAgentSettings } from '../session/model-agent-settings.js';
import { type ModelAgentOptions, runSession } from '../session/run-session.js';
import { answerCall, runTool } from './call-tool.js';
import { callTools } from './call-tools.js';
import type { AgentMiddleware, ToolInvocation } from './middleware.js';
import { middlewareChain } from './middleware-chain.js';
import type { Tool, ToolContext, ToolResult } from './tool.js';
import { toolPrompt } from './tool-prompt.js';
import { type BuiltInTool, checkTools, toolSet } from './tool-set.js';
import { noBoundAsNull } from '../../no-bound-as-null.js';

export interface ToolAgentOptions extends ModelAgentOptions {
  /** Default: 200. */
  readonly maxTurns?: number | undefined;
  /** Your own, beside the built-in ones. One with a built-in's name takes its place. */
  readonly tools?: readonly Tool[] | undefined;
  /** Built-in tools to leave out. Without `submit`, an answer that calls no tool ends the agent. */
  readonly withoutTools?: readonly BuiltInTool[] | undefined;
  readonly middleware?: readonly AgentMiddleware[] | undefined;
  /** Bytes of a tool's output that the model is sent, half from its start and half from its end. Default: 32 KiB. */
  readonly maxOutputBytes?: number | undefined;
  /** The system message. Default: our own words. */
  readonly instructions?: string | undefined;
  /** Answers in a row without a tool call after which the agent takes the work for finished. Default: 3. */
  readonly maxIdleTurns?: number | undefined;
}

/**
 * An agent that works by function calling, with `bash`, `python`, `edit`, `user_tool` (where the task has one) and
 * `submit`. What goes wrong in a tool is told to the model: arguments that are not JSON or do not fit, unknown tools,
 * exceptions, time-outs. A lost computer, a cancellation and a middleware that throws end the agent.
 */
export function toolAgent(options: ToolAgentOptions): Agent {
  const { maxTurns = 200, tools = [], withoutTools = [], middleware = [] } = options;
  const { maxIdleTurns = 3, maxOutputBytes = 32 * 1024 } = options;
  checkTools(tools);
  const name = options.name ?? 'tool';
  const version = options.instructions === undefined ? 'tool/1' : 'custom';
  const submits = !withoutTools.includes('submit') || tools.some((tool) => tool.name === 'submit');

  const solve: Agent['solve'] = async (context) => {
    const set = toolSet({
      tools,
      without: withoutTools,
      userTool: context.userTool !== undefined,
      validateAnswer: options.validateAnswer,
      environment: await interactivePath(context),
    });
    const modelTools = [...set.values()].map(modelTool);
    const around = (request: ModelRequest, next: (request: ModelRequest) => Promise<ModelResponse>) =>
      middlewareChain(
        middleware.map(({ model }) => model),
        context,
        next,
      )(request);
    return await runSession(
      context,
      { ...options, name, version, maxTurns, tools: modelTools, around },
      async (session) => {
        const turns = session.turnsLeft;
        const system = options.instructions ?? toolPrompt({ tools: [...set.keys()], turns });
        await session.say({ role: 'system', content: system });
        for (const message of context.prompt.messages) await session.say(message);
        let idleTurns = 0;
        for (;;) {
          const last = await session.turn(async (events) => {
            const { message, stopReason } = await session.ask(
              { ...options.sampling, tools: modelTools },
              events,
            );
            const calls = message.toolCalls ?? [];
            if (calls.length > 0) {
              idleTurns = 0;
              return answerCalls(calls, set, context, session, events);
            }
            idleTurns++;
            if (!submits || idleTurns >= maxIdleTurns) return message.content;
            await session.say({ role: 'user', content: reminders[stopReason] ?? reminder });
            return undefined;
          });
          if (last === undefined) continue;
          const problem = options.validateAnswer === true ? await answerProblem(context) : undefined;
          if (problem === undefined) return last;
          idleTurns = 0;
          await session.say({ role: 'user', content: problem });
        }
      },
    );
  };

  /** The last words, if one of the calls was the last. */
  const answerCalls = async (
    calls: readonly ToolCall[],
    set: ReadonlyMap<string, Tool>,
    context: AgentContext,
    session: AgentSession,
    events: EventScope,
  ): Promise<string | undefined> => {
    const { allowed, reached } = withinLimit(calls, set, session);
    const running = callTools(
      allowed,
      (call) => set.get(call.name)?.parallel !== false,
      context.signal,
      (call, signal) =>
        session.observeTool({ id: call.id, name: call.name, input: inputOf(call) }, events, (span) => {
          const toolContext = contextFor(call, { ...context, signal, events: span });
          const layers = middleware.map(({ tool }) => tool);
          const invoke = middlewareChain(layers, context, (invocation: ToolInvocation) =>
            runTool(set, invocation, toolContext),
          );
          return answerCall(call, invoke, toolContext);
        }),
    );
    let lastWords: string | undefined;
    for await (const { call, answer } of running) {
      await session.say(toolMessage(call, answer.result));
      lastWords ??= answer.result.finish;
    }
    if (reached !== undefined) throw reached;
    return lastWords;
  };

  const contextFor = (call: ToolCall, context: AgentContext): ToolContext => ({
    task: context.task,
    computer: context.computer.within(context.events),
    workingDirectory: context.workingDirectory,
    answerFile: context.answerFile,
    userTool: context.userTool,
    commandTimeoutMs: context.commandTimeoutMs,
    signal: context.signal,
    events: context.events,
    callId: call.id,
    images: options.images ?? false,
    maxOutputBytes,
  });

  const configuration = noBoundAsNull({
    ...modelAgentSettings({ ...options, version, maxTurns }),
    maxIdleTurns,
    maxOutputBytes,
    withoutTools: [...withoutTools].sort(),
    tools: Object.fromEntries(tools.map((tool) => [tool.name, toolDigest(tool)])),
    middleware: middleware.map(digest),
  });
  return { name, configuration, solve };
}

/** Of all that a model is told about a tool, and of what it does. */
function toolDigest(tool: Tool): string {
  return digest({ ...tool, ...modelTool(tool), input: undefined });
}

const reminder = 'You called no tool. Go on with the work, or call submit if it is finished.';

const reminders: Partial<Record<ModelResponse['stopReason'], string>> = {
  length: 'Your message was cut at the limit of its length before it called a tool. Write less at a time.',
};

/** Counts the calls, up to the first that must not be made any more. */
function withinLimit(calls: readonly ToolCall[], set: ReadonlyMap<string, Tool>, session: AgentSession) {
  const allowed: ToolCall[] = [];
  for (const call of calls) {
    try {
      if (set.get(call.name)?.counted !== false) session.countToolCall();
    } catch (error) {
      if (error instanceof LimitReached) return { allowed, reached: error };
      throw error;
    }
    allowed.push(call);
  }
  return { allowed, reached: undefined };
}

function toolMessage({ id, name }: ToolCall, { content, isError }: ToolResult) {
  return { role: 'tool' as const, callId: id, toolName: name, content, ...(isError && { isError }) };
}
