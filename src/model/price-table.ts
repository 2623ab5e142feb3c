/** Dollars per million tokens. */
export interface TokenPrices {
  readonly input: number;
  /** Reasoning tokens cost the same. */
  readonly output: number;
  /** Default: `input`. */
  readonly cachedInput?: number | undefined;
  /** Default: `input`. */
  readonly cacheWrite?: number | undefined;
}

export interface ModelPrice extends TokenPrices {
  /** Prices of a whole call whose prompt, cached tokens included, has more tokens than `aboveInputTokens`. */
  readonly tiers?: readonly (TokenPrices & { readonly aboveInputTokens: number })[] | undefined;
}

export interface PriceTable {
  /** Where the numbers were read. */
  readonly source: string;
  /** When, as `YYYY-MM-DD`. */
  readonly date: string;
  /** By model name without provider, such as `gpt-4o`. A name with a date holds for that version and wins there. */
  readonly models: Readonly<Record<string, ModelPrice>>;
}
