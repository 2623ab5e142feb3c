export { StoreError, type StoreProblem } from './errors.js';
export type { AttemptRecord, JournalRecord, SpentRecord } from './journal-record.js';
export { type DescribedTask, type RunDescription, runDescriptionSchema } from './run-description.js';
export type { AttemptFolder, RunFolder } from './run-folder.js';
export { RunStore, type RunStoreOptions, type StoreFindings } from './run-store.js';
export type { AttemptKey, SampleKey } from './sample-key.js';
export type { SampleState } from './sample-state.js';
export { type Artifact, StoredRun } from './stored-run.js';
export type { UnfinishedAttempt } from './unfinished-attempts.js';
