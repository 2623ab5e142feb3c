/** What an archive may hold at most. */
export interface TreeLimits {
  /** Bytes of all files together. Default: 4 GiB. */
  readonly maxBytes?: number | undefined;
  /** Default: 500,000. */
  readonly maxEntries?: number | undefined;
}

export const defaultTreeLimits = { maxBytes: 4 * 1024 ** 3, maxEntries: 500_000 } as const;
