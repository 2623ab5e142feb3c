import type { ModelPrice, PriceTable } from './price-table.js';

const opusPrice: ModelPrice = { input: 5, cachedInput: 0.5, cacheWrite: 6.25, output: 25 };
const firstOpusPrice: ModelPrice = { input: 15, cachedInput: 1.5, cacheWrite: 18.75, output: 75 };
const sonnetPrice: ModelPrice = { input: 3, cachedInput: 0.3, cacheWrite: 3.75, output: 15 };

/**
 * List prices of models this benchmark is usually run with: standard service, global endpoints, five-minute cache writes.
 * Our own table, not a package's: a dependency would age just as unseen, and a caller who wants one passes a function.
 * Where the list price of a model depends on something a call does not tell, the model is left out.
 */
export const builtInPrices: PriceTable = {
  source:
    'https://developers.openai.com/api/docs/pricing and https://platform.claude.com/docs/en/about-claude/pricing',
  date: '2026-11-20',
  models: {
    'gpt-4o': { input: 2.5, cachedInput: 1.25, output: 10 },
    'gpt-4o-2024-05-13': { input: 5, output: 15 },
    'gpt-4o-mini': { input: 0.15, cachedInput: 0.075, output: 0.6 },
    'gpt-4.1': { input: 2, cachedInput: 0.5, output: 8 },
    'gpt-4.1-mini': { input: 0.4, cachedInput: 0.1, output: 1.6 },
    'gpt-4.1-nano': { input: 0.1, cachedInput: 0.025, output: 0.4 },
    o1: { input: 15, cachedInput: 7.5, output: 60 },
    o3: { input: 2, cachedInput: 0.5, output: 8 },
    'o3-mini': { input: 1.1, cachedInput: 0.55, output: 4.4 },
    'o4-mini': { input: 1.1, cachedInput: 0.275, output: 4.4 },
    'gpt-5': { input: 1.25, cachedInput: 0.125, output: 10 },
    'gpt-5-codex': { input: 1.25, cachedInput: 0.125, output: 10 },
    'gpt-5-mini': { input: 0.25, cachedInput: 0.025, output: 2 },
    'gpt-5-nano': { input: 0.05, cachedInput: 0.005, output: 0.4 },
    'gpt-5.1': { input: 1.25, cachedInput: 0.125, output: 10 },
    'gpt-5.2': { input: 1.75, cachedInput: 0.175, output: 14 },
    'gpt-5.5': {
      input: 5,
      cachedInput: 0.5,
      output: 30,
      tiers: [{ aboveInputTokens: 272_000, input: 10, cachedInput: 1, output: 45 }],
    },
    'claude-fable-5-1': { input: 10, cachedInput: 0.25, cacheWrite: 12.5, output: 50 },
    'claude-fable-5': { input: 10, cachedInput: 1, cacheWrite: 12.5, output: 50 },
    'claude-opus-5-5': { input: 4, cachedInput: 0.2, cacheWrite: 5, output: 20 },
    'claude-opus-5': opusPrice,
    'claude-opus-4-8': opusPrice,
    'claude-opus-4-7': opusPrice,
    'claude-opus-4-6': opusPrice,
    'claude-opus-4-5': opusPrice,
    'claude-opus-4-1': firstOpusPrice,
    'claude-opus-4': firstOpusPrice,
    'claude-sonnet-5-5': { input: 2, cachedInput: 0.1, cacheWrite: 2.5, output: 10 },
    'claude-sonnet-4-6': sonnetPrice,
    'claude-3-7-sonnet': sonnetPrice,
    'claude-3-5-sonnet': sonnetPrice,
    'claude-haiku-5-5': {
      input: 0.1,
      cachedInput: 0.01,
      cacheWrite: 0.125,
      output: 0.5,
      tiers: [{ aboveInputTokens: 100_000, input: 0.5, cachedInput: 0.05, cacheWrite: 0.625, output: 2.5 }],
    },
    'claude-haiku-4-5': { input: 1, cachedInput: 0.1, cacheWrite: 1.25, output: 5 },
    'claude-3-5-haiku': { input: 0.8, cachedInput: 0.08, cacheWrite: 1, output: 4 },
  },
};
