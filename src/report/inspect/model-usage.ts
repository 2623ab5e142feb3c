import type { AgentUsage } from '../../agent/agent-usage.js';
import { usageSum } from '../../result/usage-sum.js';
import type { Transcript } from '../../agent/transcript/transcript-entry.js';
import type { InspectUsage } from './log-format.js';

/** What was spent on each model. */
export type UsageByModel = ReadonlyMap<string, AgentUsage>;

/** Of one attempt: from its calls where they are on record, else its whole usage under the model it names. */
export function usageByModel(
  usage: AgentUsage,
  transcript: Transcript | undefined,
  defaultModel: string,
): UsageByModel {
  const calls = (transcript?.messages ?? []).flatMap(({ call }) => call ?? []);
  if (calls.length === 0) {
    const spent = usage.inputTokens !== undefined || usage.outputTokens !== undefined;
    return spent ? new Map([[transcript?.start.model ?? defaultModel, usage]]) : new Map();
  }
  const parts = calls.flatMap(({ model, usage: used, costDollars, failedAttempts = [] }) => [
    new Map([[model, { ...used, costDollars }]]),
    ...failedAttempts.flatMap((failed) =>
      failed.usage === undefined
        ? []
        : new Map([[model, { ...failed.usage, costDollars: failed.costDollars }]]),
    ),
  ]);
  return sumByModel(parts);
}

export function sumByModel(parts: readonly UsageByModel[]): UsageByModel {
  const models = new Set(parts.flatMap((part) => [...part.keys()]));
  return new Map(
    [...models].map((model) => [model, usageSum(parts.flatMap((part) => part.get(model) ?? []))]),
  );
}

export function inspectUsages(usages: UsageByModel): { [model: string]: InspectUsage } {
  return Object.fromEntries(
    [...usages].flatMap(([model, usage]) => {
      const entry = inspectUsage(usage);
      return entry === undefined ? [] : [[model, entry]];
    }),
  );
}

/** Undefined where nothing is known: Inspect has no unknown, and a zero would be a lie. */
export function inspectUsage(usage: AgentUsage): InspectUsage | undefined {
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens, costDollars } =
    usage;
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const input = inputTokens ?? 0;
  const output = outputTokens ?? 0;
  return {
    input_tokens: Math.max(0, input - (cachedInputTokens ?? 0) - (cacheWriteTokens ?? 0)),
    output_tokens: output,
    total_tokens: input + output,
    input_tokens_cache_read: cachedInputTokens,
    input_tokens_cache_write: cacheWriteTokens,
    reasoning_tokens: reasoningTokens,
    total_cost: costDollars,
  };
}
