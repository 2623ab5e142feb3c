import type { Usage } from '../events/event.js';
import { builtInPrices } from './built-in-prices.js';
import { dollars, tokenPicodollars } from './dollars.js';
import type { ModelPrice, PriceTable, TokenPrices } from './price-table.js';

/** A table, or a function of yours over a price package; `undefined` is an unknown price. */
export type Prices = PriceTable | ((model: string, usage: Usage) => number | undefined);

/**
 * What a call costs in dollars, or `undefined` where the model has no price or its input or output tokens are unknown.
 * Where a provider does not tell cached tokens apart, all are charged as fresh.
 */
export function priceOf(model: string, usage: Usage, prices: Prices = builtInPrices): number | undefined {
  if (typeof prices === 'function') return prices(model, usage);
  const price = findPrice(model, prices);
  const { inputTokens, outputTokens, cachedInputTokens = 0, cacheWriteTokens = 0 } = usage;
  if (price === undefined || inputTokens === undefined || outputTokens === undefined) return undefined;
  const rate = rateFor(price, inputTokens);
  const freshTokens = Math.max(0, inputTokens - cachedInputTokens - cacheWriteTokens);
  return dollars(
    tokenPicodollars(freshTokens, rate.input) +
      tokenPicodollars(cachedInputTokens, rate.cachedInput ?? rate.input) +
      tokenPicodollars(cacheWriteTokens, rate.cacheWrite ?? rate.input) +
      tokenPicodollars(outputTokens, rate.output),
  );
}

function rateFor(price: ModelPrice, inputTokens: number): TokenPrices {
  let rate: TokenPrices = price;
  let highest = -1;
  for (const tier of price.tiers ?? []) {
    if (inputTokens > tier.aboveInputTokens && tier.aboveInputTokens > highest) {
      rate = tier;
      highest = tier.aboveInputTokens;
    }
  }
  return rate;
}

function findPrice(model: string, table: PriceTable): ModelPrice | undefined {
  for (const name of spellings(model)) {
    if (Object.hasOwn(table.models, name)) return table.models[name];
  }
  return undefined;
}

/** The name itself first, then without provider, then without date; OpenRouter writes `claude-opus-4.1` with a dot. */
function spellings(model: string): readonly string[] {
  const withoutProvider = model.slice(model.lastIndexOf('/') + 1);
  const withoutDate = withoutProvider.replace(/-(?:\d{4}-\d{2}-\d{2}|\d{8}|latest)$/, '');
  const dashed = withoutDate.startsWith('claude') ? withoutDate.replaceAll('.', '-') : withoutDate;
  return [model, withoutProvider, withoutDate, dashed];
}
