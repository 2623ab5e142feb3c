import { z } from 'zod';
import { resultRecordSchema } from '../result/task-result.js';
import { usageSchema } from '../result/usage-schema.js';

const key = { taskId: z.string(), epoch: z.number().int(), attempt: z.number().int() };
const time = z.number();

const attemptFinished = z.object({
  type: z.literal('attempt.finished'),
  time,
  ...key,
  /** Whether the sample is finished by it. */
  final: z.boolean(),
  result: resultRecordSchema,
});

const spent = z.object({
  ...key,
  /** By the one that has it, and all there is to be told of its work. */
  usage: usageSchema.optional(),
  /** By those who had it before: beside `usage`, and in no result that grades its work later. */
  lost: usageSchema.optional(),
});

const spentBefore = z.object({
  attempt: z.number().int(),
  startedAt: time,
  /** Undefined where no agent was at work. */
  usage: usageSchema.optional(),
});

/** One line of a journal. `time` is in milliseconds since the epoch. */
export const journalRecordSchema = z.discriminatedUnion('type', [
  /** A process has begun to work in the folder. */
  z.object({
    type: z.literal('session.started'),
    time,
    host: z.string(),
    pid: z.number().int(),
    /** What was changed by it, where the caller allowed that. */
    changes: z.array(z.string()).optional(),
  }),
  z.object({ type: z.literal('attempt.started'), time, ...key }),
  /** It was begun for somebody who never got it: as if it had not been begun that time. */
  z.object({ type: z.literal('attempt.returned'), time, ...key }),
  /** The agent is done, and its work is on disk: from here on an attempt can be graded again, and the agent never runs twice. */
  z.object({
    type: z.literal('attempt.collected'),
    time,
    ...key,
    usage: usageSchema.optional(),
  }),
  /** The work of that attempt was kept and cannot be read any more: the agent has to work again. */
  z.object({ type: z.literal('work.damaged'), time, ...key }),
  /** What agents at work had spent by then: all that is known of one whose process dies. The last one of an attempt counts. */
  z.object({ type: z.literal('attempts.spent'), time, attempts: z.array(spent) }),
  attemptFinished,
  /**
   * In a run that scores another's work again: what attempts of that run had spent on the sample beside the work that is
   * taken over. Their numbers are that run's. The last record of a sample counts.
   */
  z.object({
    type: z.literal('spent.before'),
    time,
    sample: z.object({ taskId: key.taskId, epoch: key.epoch }),
    attempts: z.array(spentBefore),
  }),
  /** An image was not there and has been fetched: later sessions may let that copy go. The fields are those of `FetchedImage`. */
  z.object({
    type: z.literal('image.fetched'),
    time,
    image: z.string(),
    engine: z.string(),
    copy: z.string(),
  }),
  z.object({
    type: z.literal('session.ended'),
    time,
    outcome: z.enum(['completed', 'cancelled', 'stopped']),
  }),
]);

export type JournalRecord = z.infer<typeof journalRecordSchema>;
/** What an attempt had spent at some moment. */
export type SpentRecord = z.infer<typeof spent>;
/** What an attempt of the run that is scored again had spent. */
export type SpentBeforeRecord = z.infer<typeof spentBefore>;
export type AttemptRecord = z.infer<typeof attemptFinished>;
