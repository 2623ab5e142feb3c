import type { AgentContext, AgentOutcome } from '../agent/agent.js';
import { LimitReached } from '../agent/session/limit-reached.js';
import { redactedTranscript } from '../agent/transcript/redacted-transcript.js';
import type { NetworkReport } from '../computer/network-policy.js';
import { publicTask } from '../dataset/task.js';
import { isSweLancerError } from '../errors.js';
import type { EventScope } from '../events/event-scope.js';
import { redactedScope } from '../events/redacted-scope.js';
import { buildPrompt } from '../swelancer/prompt/build-prompt.js';
import type { PreparedComputer } from '../swelancer/prepare.js';
import type { ProvisionedComputer } from '../swelancer/provision.js';
import { answerFileOf } from './answer-file.js';
import { checkedMetadata, checkedUsage } from './agent-report.js';
import type { Attempt } from './attempt.js';
import type { Countdown } from './countdown.js';
import { AgentError } from './errors.js';
import { type Ending, runStoppable } from './stoppable.js';
import { createUserTool } from './user-tool-of-attempt.js';

/** Lets the agent work, until it is done, its wall clock is over, or it fails. */
export async function solve(
  attempt: Attempt,
  provisioned: ProvisionedComputer,
  prepared: PreparedComputer,
): Promise<void> {
  const { agent, deadlines, facts, options } = attempt;
  await using userTool = createUserTool(attempt, provisioned, prepared);
  const wallClockMs = options.limits?.wallClockMs;
  await attempt.phase('solve', undefined, async (events, signal) => {
    // Closes the agent's view of the computer: what an agent starts after its time would disturb grading.
    const over = new AbortController();
    const work = async (stop: AbortSignal, clock: Countdown) => {
      options.onUsage?.({});
      try {
        return await agent.solve(
          contextOf(attempt, provisioned, userTool.on(clock), events, stop, over.signal),
        );
      } catch (error) {
        throw agentFault(agent.name, error);
      }
    };
    let ending: Ending<AgentOutcome>;
    try {
      ending = await runStoppable(
        {
          signal,
          timeoutMs: wallClockMs,
          timeoutReason: () => new LimitReached('wallClockMs', wallClockMs ?? Infinity),
          stopMs: deadlines.stopMs,
        },
        work,
      );
    } finally {
      over.abort(new Error('The solve phase is over.'));
    }
    if (ending.done) keep(attempt, ending.value);
    else signal.throwIfAborted();
    if (ending.stopped === 'timeout' && wallClockMs !== undefined) {
      facts.endedByLimit = 'wallClockMs';
      events.emit('limit.reached', { limit: 'wallClockMs', value: wallClockMs });
    }
  });
}

function contextOf(
  attempt: Attempt,
  { computer, layout }: ProvisionedComputer,
  userTool: AgentContext['userTool'],
  events: EventScope,
  signal: AbortSignal,
  until: AbortSignal,
): AgentContext {
  const { options, facts } = attempt;
  const task = publicTask(options.task);
  const prompt = buildPrompt(
    { task, layout, userTool: userTool !== undefined, cutOff: isCutOff(facts.network) },
    options.prompt,
  );
  facts.promptVersion = prompt.version;
  return {
    task,
    prompt,
    computer: computer.within(events).forAgent({ until }),
    workingDirectory: layout.repository,
    answerFile: answerFileOf(attempt, layout),
    userTool,
    limits: options.limits ?? {},
    commandTimeoutMs: attempt.deadlines.agentCommandMs,
    signal,
    events: redactedScope(events, attempt.redactor),
    transcript: options.transcript && redactedTranscript(options.transcript, attempt.redactor),
    modelGate: options.gates?.modelCall,
    reportUsage: (usage) => {
      facts.usage = checkedUsage(attempt, usage);
      options.onUsage?.(facts.usage);
    },
  };
}

function keep(attempt: Attempt, outcome: AgentOutcome): void {
  const { facts } = attempt;
  if (outcome.usage !== undefined) facts.usage = checkedUsage(attempt, outcome.usage);
  facts.endedByLimit = outcome.endedByLimit;
  facts.message = outcome.message;
  facts.agentMetadata = checkedMetadata(attempt, outcome.metadata);
}

function agentFault(name: string, error: unknown): unknown {
  if (isSweLancerError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AgentError(`The agent "${name}" threw: ${message}`, { phase: 'solve', cause: error });
}

function isCutOff(network: NetworkReport | undefined): boolean {
  return network !== undefined && network.policy !== 'open';
}
