import { z } from 'zod';
import { sampleRecordsSchema } from './sample-records.js';
import { usageSchema } from '../result/usage-schema.js';
import { errorRecordSchema, taskResultSchema, ungradedResultSchema } from '../result/task-result.js';

const identity = z.object({
  /** The dataset's fingerprint. */
  dataset: z.string(),
  agent: z.string(),
  scorer: z.string(),
  configuration: z.record(z.string(), z.json()),
});

/** What decides what a result means. A worker that was given something else refuses the job. */
export type RunIdentity = z.infer<typeof identity>;

const key = {
  schema: z.literal(1),
  runId: z.string(),
  taskId: z.string(),
  epoch: z.number().int().positive(),
  attempt: z.number().int().positive(),
};

/** Validates a job that comes from a file or another process. */
export const sampleJobSchema = z.object({
  ...key,
  run: identity,
  /** The agent's work, where it is there already and has only to be graded. */
  saved: ungradedResultSchema.optional(),
  /** What its agent said and did, where an earlier process did that work in this same attempt. */
  records: sampleRecordsSchema.optional(),
});

/** One attempt at one sample, as plain JSON. The task itself, with its answers, is not in it: a worker has the dataset. */
export type SampleJob = z.infer<typeof sampleJobSchema>;

/** What names an attempt across runs. */
export type SampleJobKey = Pick<SampleJob, 'runId' | 'taskId' | 'epoch' | 'attempt'>;

/** What those have left of an attempt who had it before. */
const left = {
  /** The agent's work: the next attempt only grades it. */
  work: ungradedResultSchema.optional(),
  /** What was said and done for that work, unless it is in the store already. */
  records: sampleRecordsSchema.optional(),
  /** What those had told who have it no more. Not that of `work`. */
  lostUsage: usageSchema.optional(),
};

/** The worker was given something else than the run is about, and did nothing. */
const refused = z.object({ ...key, type: z.literal('refused'), reason: z.string(), ...left });
export type RefusedOutcome = z.infer<typeof refused>;

/** It goes on, or waits for somebody to take it up. What there is of it by now is kept for the case that it gets lost. */
const unfinished = z.object({
  ...key,
  type: z.literal('unfinished'),
  work: left.work,
  records: left.records,
  /** What each process that had it has told of its spending. Not that of `work`. */
  spent: z.array(usageSchema),
});
export type UnfinishedOutcome = z.infer<typeof unfinished>;

/** Validates an outcome that comes from a file or another process. */
export const sampleOutcomeSchema = z.discriminatedUnion('type', [
  z.object({
    ...key,
    type: z.literal('result'),
    result: taskResultSchema,
    /** The agent's work, where it has no score yet and this attempt made it: the next attempt only grades it. */
    work: ungradedResultSchema.optional(),
    /** What the attempt said and did, unless it is in the store already. */
    records: sampleRecordsSchema.optional(),
  }),
  refused,
  /** Nobody brought it to a result. */
  z.object({ ...key, type: z.literal('failed'), error: errorRecordSchema, ...left }),
  /** It was taken back from where it waited, before anybody brought it to a result. */
  z.object({ ...key, type: z.literal('withdrawn'), ...left }),
  unfinished,
]);

/** How a job ended, or how far it has come, as plain JSON. */
export type SampleOutcome = z.infer<typeof sampleOutcomeSchema>;
/** That of a job that is over. */
export type EndedOutcome = Exclude<SampleOutcome, UnfinishedOutcome>;

/**
 * The same text for the same job, and no other: what makes an engine run it once. It holds no colon and no slash, so it
 * can be an id in BullMQ and the name of a file.
 */
export function sampleJobId({ runId, taskId, epoch, attempt }: SampleJobKey): string {
  return [runId, epoch, attempt, taskId]
    .map((part) => encodeURIComponent(part).replaceAll('*', '%2A'))
    .join('+');
}
