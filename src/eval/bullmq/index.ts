export { QueueError } from './errors.js';
export { bullmqExecutor, type BullmqExecutorOptions } from './executor.js';
export type { QueueOptions } from './queue-options.js';
export { type BullmqWorker, bullmqWorker, type BullmqWorkerOptions } from './worker.js';
