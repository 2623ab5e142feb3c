import { z } from 'zod';
import { dollarsSchema, usageSchema } from './usage-schema.js';

const phaseSchema = z.enum(['start', 'ready', 'prepare', 'solve', 'patch', 'grade', 'cleanup']);

const errorBase = z.object({
  name: z.string(),
  code: z.string(),
  message: z.string(),
  retryable: z.boolean(),
  phase: phaseSchema.optional(),
  computerId: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
});
/** Validates an error that comes from a file or another process. */
export const errorRecordSchema: z.ZodType<z.infer<typeof errorBase> & { cause?: unknown }> = errorBase.extend(
  {
    cause: z.unknown().optional(),
  },
);

const trySchema = z.object({
  exitCode: z.number().int().nullable(),
  failedStep: z.string().optional(),
  durationMs: z.number(),
  log: z.string(),
  playbookLog: z.string(),
});

const patchSchema = z.object({
  /** The diff; base64 where it is not UTF-8. */
  content: z.string(),
  encoding: z.enum(['utf8', 'base64']),
  sha256: z.string(),
  bytes: z.number().int(),
  files: z.array(z.string()),
  /** git's id of the files the patch applies to. */
  baseTree: z.string().optional(),
});

const networkSchema = z.object({
  policy: z.enum(['open', 'cut', 'none']),
  method: z.enum(['routes', 'disconnect', 'connect', 'nothing']),
  checks: z
    .array(
      z.object({
        name: z.enum([
          'allowed',
          'loopback',
          'outside-ipv4',
          'outside-ipv6',
          'gateway',
          'neighbour',
          'dns',
          'interface',
        ]),
        found: z.enum(['reachable', 'unreachable']),
        passed: z.boolean(),
        shownBy: z.enum(['connection', 'route', 'resolver', 'interface']).optional(),
        detail: z.string(),
      }),
    )
    .readonly(),
});

const common = {
  schema: z.literal(1),
  runId: z.string(),
  taskId: z.string(),
  variant: z.enum(['ic_swe', 'swe_manager']),
  title: z.string(),
  split: z.string().optional(),
  agent: z.string(),
  scorer: z.string(),
  /** Which sample of the task it is, from 1: a run with three epochs does each task three times. */
  epoch: z.number().int().positive(),
  /** Which try at this sample it is, from 1: more than 1 after a fault. */
  attempt: z.number().int().positive(),
  /**
   * The earlier attempt whose work was graded here, where no agent ran. Usage and the agent's words are that attempt's: whoever
   * adds up every attempt counts them once.
   */
  workOf: z.number().int().positive().optional(),
  promptVersion: z.string().optional(),
  grading: z.enum(['fresh', 'in-place']),
  image: z.string().optional(),
  /**
   * How each computer of the attempt came to be ready: `full` by the set-up its image asks for, `snapshot` by starting
   * from a computer that had gone through it. Without an entry there was no such computer of ours.
   */
  setup: z.partialRecord(z.enum(['agent', 'grading', 'user-tool']), z.enum(['full', 'snapshot'])).optional(),
  /** What the agent's computer could reach, with the proof. Undefined where its network was left as it was. */
  network: networkSchema.optional(),
  /** What the task pays, in dollars. */
  available: dollarsSchema,
  /** What this attempt was paid. */
  earned: dollarsSchema,
  /** ISO 8601. */
  startedAt: z.string(),
  durationMs: z.number(),
  /** Milliseconds of each phase that was entered. */
  phases: z.partialRecord(phaseSchema, z.number()),
  usage: usageSchema,
  /**
   * What earlier processes had told of this same attempt, which they died in and another took over: spent beside `usage`. Of
   * an agent that tells nothing before its end it is empty, which is unknown.
   */
  lostUsage: usageSchema.optional(),
  /** The limit that ended the agent, if one did. */
  endedByLimit: z.string().optional(),
  /** The agent's last words. */
  message: z.string().optional(),
  agentMetadata: z.record(z.string(), z.unknown()).optional(),
  patch: patchSchema.optional(),
  /** The answer file of a manager task, as it was. */
  answer: z.string().optional(),
  /** What went wrong without changing the result, such as a computer that could not be removed. */
  warnings: z.array(errorRecordSchema),
};

const outcomeSchema = z.enum([
  'passed',
  'tests_failed',
  'build_failed',
  'patch_rejected',
  'correct',
  'wrong',
  'no_answer',
  'malformed',
  'invalid_choice',
]);

/** Validates what a scorer gives. */
export const scoreSchema = z.object({
  outcome: outcomeSchema,
  value: z.union([z.literal(0), z.literal(1)]),
  explanation: z.string(),
  tries: z.array(trySchema),
  answer: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});

const scoredSchema = z.object({
  ...common,
  status: z.literal('scored'),
  outcome: outcomeSchema,
  /** Whether the task was paid. */
  passed: z.boolean(),
  score: z.union([z.literal(0), z.literal(1)]),
  explanation: z.string(),
  tries: z.array(trySchema),
  scoreMetadata: z.record(z.string(), z.unknown()).optional(),
});

const failedSchema = z.object({ ...common, status: z.literal('error'), error: errorRecordSchema });
const cancelledSchema = z.object({ ...common, status: z.literal('cancelled'), reason: z.string() });

/** Validates an agent's work before it was graded. */
export const ungradedResultSchema = z.object(common);

/** What is known of an attempt when the agent is done and nothing has been graded: enough to grade it at any time. */
export type UngradedResult = z.infer<typeof ungradedResultSchema>;

const recordedPatch = {
  patch: patchSchema
    .omit({ content: true, encoding: true })
    .extend({
      /** How many more files it touches than `files` names. */
      filesLeftOut: z.number().int().positive().optional(),
    })
    .optional(),
};
const recordedTries = { tries: z.array(trySchema.omit({ log: true, playbookLog: true })) };

/** Validates a result that comes from a file or another process. */
export const taskResultSchema = z.discriminatedUnion('status', [scoredSchema, failedSchema, cancelledSchema]);

/** One attempt at one task, as plain JSON. Switch on `status`; only `scored` says anything about the agent's work. */
export type TaskResult = z.infer<typeof taskResultSchema>;
export type ScoredResult = z.infer<typeof scoredSchema>;
export type ErrorResult = z.infer<typeof failedSchema>;
export type CancelledResult = z.infer<typeof cancelledSchema>;
export type ResultPatch = z.infer<typeof patchSchema>;

/** Validates a line of a journal. */
export const resultRecordSchema = z.discriminatedUnion('status', [
  scoredSchema.extend({ ...recordedPatch, ...recordedTries }),
  failedSchema.extend(recordedPatch),
  cancelledSchema.extend(recordedPatch),
]);

/**
 * A result without its long texts: patch and logs are not in it, other texts are cut where they are long. Every result is
 * one; metrics take these.
 */
export type ResultRecord = z.infer<typeof resultRecordSchema>;
