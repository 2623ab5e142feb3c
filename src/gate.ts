/** Lets work through when there is room for it. Rejects when the signal fires before that. */
export type Gate = <T>(work: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T>;
