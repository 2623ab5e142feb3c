import { z } from 'zod';

/** Dollars, not below 0. */
export const dollarsSchema = z.number().nonnegative();

const count = z.number().int().nonnegative().optional();

/** What an agent spent. Undefined is unknown, never 0. */
export const usageSchema = z.object({
  inputTokens: count,
  cachedInputTokens: count,
  cacheWriteTokens: count,
  outputTokens: count,
  reasoningTokens: count,
  turns: count,
  toolCalls: count,
  modelCalls: count,
  callsWithUnknownUsage: count,
  modelMs: z.number().nonnegative().optional(),
  costDollars: z.number().nonnegative().optional(),
});
