import type { RedisOptions } from 'bullmq';

/** Where the queue is. Coordinator and workers need the same. */
export interface QueueOptions {
  /** As ioredis takes it: `host`, `port`, `username`, `password`, `db`, `tls`; or `url`. */
  readonly connection: RedisOptions;
  /** Default: `swelancer`. */
  readonly queueName?: string | undefined;
  /** Of every key in Redis. Default: `bull`. */
  readonly prefix?: string | undefined;
}

export const defaultQueueName = 'swelancer';

/** What a coordinator writes into a job's log, the one place of a job under way that others may write to. */
export const cancelLine = 'cancel';
