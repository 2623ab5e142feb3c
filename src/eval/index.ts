export type { EvalOptions, Json } from './eval-options.js';
export type { EvalConcurrency, EvalPlan } from './eval-plan.js';
export type { EvalOutcome, EvalRun } from './eval-run.js';
export { gradeRun, type GradeRunOptions, rescoreRun, type RescoreOptions } from './grade-run.js';
export { pastDurations } from './past-durations.js';
export type { EvalProgress, InFlight } from './progress.js';
export type { EvalRetries, Fault } from './retries.js';
export { runEval } from './run-eval.js';
export type { Sample } from './sample.js';
export type { PastDurations, SampleOrder } from './sample-order.js';
export { type BatchOptions, giveBackJobs, type MergeReport, mergeOutcomes, pendingJobs } from './batch.js';
export { runSampleJob, type SampleJobOptions } from './run-sample-job.js';
export type { SampleRecords } from './sample-records.js';
export type { SampleExecutor } from './sample-executor.js';
export {
  type RunIdentity,
  type SampleJob,
  sampleJobId,
  type SampleJobKey,
  sampleJobSchema,
  type SampleOutcome,
  sampleOutcomeSchema,
} from './sample-job.js';
