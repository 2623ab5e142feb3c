import { z } from 'zod';

const json = z.json();

const describedTask = z.object({
  id: z.string(),
  variant: z.enum(['ic_swe', 'swe_manager']),
  title: z.string(),
  /** Dollars. */
  price: z.number(),
  split: z.string().optional(),
  /** How many proposals a manager task has. */
  proposals: z.number().int().optional(),
});

export const runDescriptionSchema = z.object({
  schema: z.literal(1),
  runId: z.string(),
  /** For people. */
  name: z.string(),
  /** ISO 8601. */
  createdAt: z.string(),
  dataset: z.object({
    /** SHA-256 of the tasks. */
    fingerprint: z.string(),
    tasks: z.array(describedTask).readonly(),
  }),
  agent: z.string(),
  scorer: z.string(),
  epochs: z.number().int().positive(),
  /** Everything else that decides what the results mean: limits, grading, network, and what the caller adds. */
  configuration: z.record(z.string(), json),
  /** Of this package and of Node, at creation. */
  versions: z.record(z.string(), z.string()),
  /** The run whose saved work this one has scored again, as `rescoreRun` does: no agent has run in this one. */
  rescoredFrom: z
    .object({ runId: z.string(), name: z.string(), createdAt: z.string(), scorer: z.string() })
    .optional(),
});

/** What a run is about: `run.json`. No secrets and no answers are in it. */
export type RunDescription = z.infer<typeof runDescriptionSchema>;
export type DescribedTask = z.infer<typeof describedTask>;
