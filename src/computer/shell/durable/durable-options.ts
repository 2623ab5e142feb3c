export interface DurableOptions {
  /**
   * Absolute; the computer's own folder inside. It exists, nobody else may write to it, and it goes away with everything
   * else of the computer. Each command has a folder of its own in it, or beside it where it runs as another user.
   */
  readonly folder: string;
  /** Which commands are durable when they do not say it themselves. */
  readonly isDefault: (timeoutMs: number | undefined) => boolean;
  /** Milliseconds to find a command again after its link was lost. Default: 60,000. */
  readonly reattachTimeoutMs?: number | undefined;
  /** Bytes of each stream kept inside until they are collected; then the command waits, as at a full pipe. Default: 64 MiB. */
  readonly spoolBytes?: number | undefined;
}

export const defaultReattachTimeoutMs = 60_000;
export const defaultSpoolBytes = 64 * 1024 * 1024;
