import { ConfigurationError } from '../../errors.js';
import type { Spending } from '../../model/spending.js';
import type { AgentLimits } from '../agent.js';
import { limitProblems } from '../limit-problems.js';
import { LimitReached } from './limit-reached.js';

/** Checked before each model call: what is spent is spent, and the next call would go beyond. */
export function checkSpending(limits: AgentLimits, spending: Spending): void {
  const spent = {
    inputTokens: spending.inputTokens ?? 0,
    outputTokens: spending.outputTokens ?? 0,
    costDollars: spending.costDollars ?? 0,
    modelMs: spending.modelMs,
  } as const;
  for (const name of ['inputTokens', 'outputTokens', 'costDollars', 'modelMs'] as const) {
    const limit = limits[name];
    if (limit !== undefined && spent[name] >= limit) throw new LimitReached(name, limit);
  }
}

/** A limit on something nobody tells would never be hit: better to say so after the first answer than to overspend. */
export function checkKnown(limits: AgentLimits, spending: Spending, model: string): void {
  // No model has answered yet: a middleware may have.
  if (spending.modelCalls === spending.failedModelCalls) return;
  if (limits.costDollars !== undefined && spending.costDollars === undefined) {
    throw new ConfigurationError(
      `\`limits.costDollars\` cannot be kept: an answer of model ${model} has no known cost. Pass the agent a \`prices\` table that has the model; if it does not tell its tokens either, limit turns or tool calls instead.`,
    );
  }
  for (const name of ['inputTokens', 'outputTokens'] as const) {
    if (limits[name] === undefined || spending[name] !== undefined) continue;
    throw new ConfigurationError(
      `\`limits.${name}\` cannot be kept: model ${model} does not tell its tokens. Limit turns or tool calls instead.`,
    );
  }
}

/** @throws ConfigurationError for a limit that is not a number of 0 or more, or does not exist. */
export function checkLimits(limits: AgentLimits): void {
  const problems = limitProblems(limits);
  if (problems.length > 0) throw new ConfigurationError(`${problems.join('; ')}.`);
}
