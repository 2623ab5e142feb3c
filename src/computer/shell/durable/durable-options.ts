export interface DurableOptions {
  /**
   * Absolute; the computer's own folder inside. It exists, nobody else may write to it, and it goes away with everything
   * else of the computer. Each command has a folder of its own in it, or beside it, named after it and a plus, where it runs as another user.
   */
  readonly folder: string;
  /** The folder is there for one command only, and whoever made it removes it. Default: false. */
  readonly isFolderOfOne?: boolean | undefined;
  /** Milliseconds to find a command again after its link was lost. Default: 60,000. */
  readonly reattachTimeoutMs?: number | undefined;
  /**
   * Bytes of each stream kept inside until they are collected; then the command waits, as at a full pipe. Default: 64 MiB.
   * Less than 256 KiB counts as that.
   */
  readonly spoolBytes?: number | undefined;
}

/** Milliseconds a command may take and still be an ordinary one where links are known to break. */
const ordinaryMs = 60_000;

/** Whether a command that does not say itself whether it is durable is one, where links are known to break. */
export function isDurableByDefault(timeoutMs: number | undefined): boolean {
  return timeoutMs !== undefined && timeoutMs > ordinaryMs;
}

export const defaultReattachTimeoutMs = 60_000;
/** Output is kept and removed in segments of 64 KiB or more: within less than some of them a command would wait for good. */
const leastSpoolBytes = 256 * 1024;

export function spoolBytesOf({ spoolBytes = 64 * 1024 * 1024 }: DurableOptions): number {
  return Math.max(spoolBytes, leastSpoolBytes);
}
