import type { ContentPart } from '../../model/model-client.js';
import { replayedToolInput } from '../../model/tool-input.js';
import type { AgentUsage } from '../agent-usage.js';
import { usageSum } from '../../result/usage-sum.js';
import type {
  AtifAgent,
  AtifContent,
  AtifFinalMetrics,
  AtifMetrics,
  AtifResult,
  AtifStep,
  AtifTrajectory,
} from './atif.js';
import type { Transcript, TranscriptCall, TranscriptMessage, TranscriptStart } from './transcript-entry.js';

export interface AtifOptions {
  /** Goes into `extra.swelancer` beside the task: outcome, dollars earned and whatever else should travel along. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * A transcript as an ATIF v1.7 trajectory. Every model answer is one step with its calls and their results; images
 * become data URLs. Arguments that are no JSON object are kept under `invalid_json` or `value`.
 */
export function atifTrajectory(transcript: Transcript, options: AtifOptions = {}): AtifTrajectory {
  const { start, end } = transcript;
  const steps = stepsOf(transcript.messages);
  return {
    schema_version: 'ATIF-v1.7',
    session_id: [start.runId, start.taskId, start.attempt].filter((part) => part !== undefined).join('/'),
    agent: agentOf(start),
    steps,
    ...(end && { final_metrics: finalMetrics(end.usage, steps.length) }),
    ...(end === undefined && { notes: 'The transcript was cut off.' }),
    extra: {
      swelancer: defined({
        taskId: start.taskId,
        promptVersion: start.promptVersion,
        attempt: start.attempt,
        endedByLimit: end?.endedByLimit,
        message: end?.message,
        error: end?.error,
        ...options.extra,
      }),
    },
  };
}

function agentOf({ agent, agentVersion, model, tools }: TranscriptStart): AtifAgent {
  return {
    name: agent,
    version: agentVersion,
    ...(model !== undefined && { model_name: model }),
    ...(tools !== undefined && {
      tool_definitions: tools.map(({ name, description, inputSchema }) => ({
        type: 'function',
        function: { name, description, parameters: inputSchema },
      })),
    }),
  };
}

function stepsOf(messages: readonly TranscriptMessage[]): readonly AtifStep[] {
  const steps: AtifStep[] = [];
  for (const entry of messages) {
    if (entry.message.role !== 'tool') {
      steps.push(stepOf(entry, steps.length + 1));
      continue;
    }
    const { callId, content } = entry.message;
    const index = steps.findLastIndex((step) =>
      step.tool_calls?.some((call) => call.tool_call_id === callId),
    );
    const step = steps[index];
    if (step === undefined) continue;
    const result: AtifResult = { source_call_id: callId, content: contentOf(content) };
    steps[index] = { ...step, observation: { results: [...(step.observation?.results ?? []), result] } };
  }
  return steps;
}

function stepOf({ message, time, call }: TranscriptMessage, id: number): AtifStep {
  const common = { step_id: id, timestamp: time, message: contentOf(message.content) };
  if (message.role === 'system' || message.role === 'user') return { ...common, source: message.role };
  if (message.role === 'tool') throw new Error('Tool messages belong to the step of their call.');
  return {
    ...common,
    source: 'agent',
    ...(message.reasoning !== undefined && call !== undefined && { reasoning_content: message.reasoning }),
    ...(message.toolCalls !== undefined && {
      tool_calls: message.toolCalls.map(({ id: callId, name, input }) => ({
        tool_call_id: callId,
        function_name: name,
        arguments: replayedToolInput(input),
      })),
    }),
    // Where no call is on record it is unknown how many there were: a command-line agent makes its own.
    ...(call !== undefined && {
      llm_call_count: 1 + (call.failedAttempts?.length ?? 0),
      model_name: call.model,
      metrics: metricsOf(call),
    }),
  };
}

/** Of the call and its failed attempts; dollars only where all of them are known. */
function metricsOf(call: TranscriptCall): AtifMetrics {
  const { stopReason, durationMs, failedAttempts = [] } = call;
  const spent = [call, ...failedAttempts.filter((attempt) => attempt.usage !== undefined)];
  const { costDollars, ...usage } = usageSum(
    spent.map((each) => ({ ...each.usage, costDollars: each.costDollars })),
  );
  return {
    ...(usage.inputTokens !== undefined && { prompt_tokens: usage.inputTokens }),
    ...(usage.outputTokens !== undefined && { completion_tokens: usage.outputTokens }),
    ...(usage.cachedInputTokens !== undefined && { cached_tokens: usage.cachedInputTokens }),
    ...(costDollars !== undefined && { cost_usd: costDollars }),
    extra: defined({
      stopReason,
      durationMs,
      reasoningTokens: usage.reasoningTokens,
      cacheWriteTokens: usage.cacheWriteTokens,
    }),
  };
}

function finalMetrics(usage: AgentUsage, steps: number): AtifFinalMetrics {
  return {
    ...(usage.inputTokens !== undefined && { total_prompt_tokens: usage.inputTokens }),
    ...(usage.outputTokens !== undefined && { total_completion_tokens: usage.outputTokens }),
    ...(usage.cachedInputTokens !== undefined && { total_cached_tokens: usage.cachedInputTokens }),
    ...(usage.costDollars !== undefined && { total_cost_usd: usage.costDollars }),
    total_steps: steps,
    extra: defined({
      turns: usage.turns,
      toolCalls: usage.toolCalls,
      modelCalls: usage.modelCalls,
      modelMs: usage.modelMs,
      reasoningTokens: usage.reasoningTokens,
    }),
  };
}

function contentOf(content: string | readonly ContentPart[]): AtifContent {
  if (typeof content === 'string') return content;
  return content.map((part) =>
    part.type === 'text'
      ? { type: 'text', text: part.text }
      : {
          type: 'image',
          source: { media_type: part.mediaType, path: `data:${part.mediaType};base64,${part.data}` },
        },
  );
}

function defined(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
