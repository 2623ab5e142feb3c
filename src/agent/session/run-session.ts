import { Deadline } from '../../computer/deadline.js';
import { toErrorRecord } from '../../errors.js';
import type { EventScope } from '../../events/event-scope.js';
import type { Gate } from '../../gate.js';
import { meteredModel } from '../../model/metered-model.js';
import type { ModelClient, ModelRequest, ModelResponse, ModelTool } from '../../model/model-client.js';
import type { Prices } from '../../model/prices.js';
import type { TokenEstimator } from '../../model/token-estimate.js';
import type { AgentContext, AgentOutcome } from '../agent.js';
import { type AgentSession, openSession, type OpenSession } from './agent-session.js';
import { contextFit, type FitMessages } from './context-fit.js';
import { LimitReached, limitBehind } from './limit-reached.js';
import { checkKnown, checkLimits, checkSpending } from './limits.js';
import { transcriptWriter } from './transcript-writer.js';

/** What the agents that talk to a model have in common. */
export interface ModelAgentOptions {
  /** Put `withRetries` around it for anything but a test. */
  readonly model: ModelClient;
  /** Names the agent in results. */
  readonly name?: string | undefined;
  /** Turns after which the agent ends with the limit `turns`; `limits.turns` may be lower. */
  readonly maxTurns?: number | undefined;
  /** Default: the built-in table. */
  readonly prices?: Prices | undefined;
  /** For trimming to the model's window. Default: `estimateTokens`. */
  readonly estimate?: TokenEstimator | undefined;
  /** Sent with each call where they are set. */
  readonly sampling?: Omit<ModelRequest, 'messages' | 'tools' | 'toolChoice'> | undefined;
  /** Milliseconds for one model call. Default: the model's own. */
  readonly modelTimeoutMs?: number | undefined;
  /** Whether the model takes images. Then it is shown screenshots of the user tool. Default: false. */
  readonly images?: boolean | undefined;
  /** For manager tasks: an agent that wants to stop with an answer file that cannot be graded is told so. Default: false. */
  readonly validateAnswer?: boolean | undefined;
}

export interface SessionOptions extends ModelAgentOptions {
  readonly name: string;
  readonly maxTurns: number;
  /** The agent's own instructions, such as `tool/1`. */
  readonly version: string;
  readonly tools?: readonly ModelTool[] | undefined;
  readonly fit?: FitMessages | undefined;
  readonly defaultContextTokens?: number | undefined;
  readonly roomForAnswer?: boolean | undefined;
  /** Goes around each model call. */
  readonly around?: ((request: ModelRequest, next: Generate) => Promise<ModelResponse>) | undefined;
}

type Generate = (request: ModelRequest) => Promise<ModelResponse>;

/**
 * Runs an agent's loop with accounting, limits, events and a transcript around it. `loop` returns its last words. A limit
 * that is hit ends it and is named in the outcome; anything else it throws comes through, with the usage reported.
 */
export async function runSession(
  context: AgentContext,
  options: SessionOptions,
  loop: (session: AgentSession) => Promise<string | undefined>,
): Promise<AgentOutcome> {
  const { limits, signal, events, task } = context;
  checkLimits({ ...limits, turns: Math.min(options.maxTurns, limits.turns ?? Infinity) });
  const write = transcriptWriter(context.transcript, events);
  const model = meteredModel(options.model, {
    prices: options.prices,
    estimate: options.estimate,
    onSpending: () => context.reportUsage(session.usage()),
  });
  const fit = contextFit(options);
  const call = async (request: ModelRequest, scope: EventScope) => {
    checkSpending(limits, model.spending());
    const leftMs = limits.modelMs === undefined ? undefined : limits.modelMs - model.spending().modelMs;
    using deadline = new Deadline({ signal, timeoutMs: leftMs });
    deadline.check('The agent');
    const next: Generate = (changed) =>
      model.generate(changed, { signal: deadline.signal, timeoutMs: options.modelTimeoutMs, events: scope });
    try {
      const response = await fit(request, scope, (fitted) => (options.around ?? plain)(fitted, next));
      checkKnown(limits, model.spending(), options.model.id);
      return response;
    } catch (error) {
      if (deadline.cause === 'timeout' && limits.modelMs !== undefined)
        throw new LimitReached('modelMs', limits.modelMs);
      throw error;
    }
  };
  const session: OpenSession = openSession({
    context,
    maxTurns: options.maxTurns,
    spending: () => model.spending(),
    generate: (request, scope) => (context.modelGate ?? open)(() => call(request, scope), signal),
    write,
    prices: options.prices,
  });
  await write({
    type: 'start',
    schema: 1,
    time: new Date().toISOString(),
    agent: options.name,
    agentVersion: options.version,
    taskId: task.id,
    promptVersion: context.prompt.version,
    model: options.model.id,
    ...(options.tools && { tools: options.tools }),
    runId: events.context.runId,
    epoch: events.context.epoch,
    attempt: events.context.attempt,
  });
  const end = async (ending: Pick<AgentOutcome, 'endedByLimit' | 'message'>, thrown?: { error: unknown }) => {
    const usage = session.usage();
    context.reportUsage(usage);
    const error = thrown && toErrorRecord(thrown.error);
    await write({ type: 'end', time: new Date().toISOString(), usage, ...ending, ...(error && { error }) });
    return { usage, metadata: { agentVersion: options.version }, ...ending } satisfies AgentOutcome;
  };
  try {
    return await end({ message: await loop(session) });
  } catch (error) {
    const reached = limitBehind(error, signal);
    if (reached === undefined) {
      await end({}, { error });
      throw error;
    }
    // Whoever keeps a limit tells of it: the wall clock is not ours.
    if (reached === error) events.emit('limit.reached', { limit: reached.limit, value: reached.value });
    return await end({ endedByLimit: reached.limit });
  }
}

const open: Gate = (work) => work();
const plain = (request: ModelRequest, next: Generate) => next(request);
