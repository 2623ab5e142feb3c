export { recordOf } from './record-of.js';
export {
  type CancelledResult,
  type ErrorResult,
  type ResultPatch,
  type ResultRecord,
  type ScoredResult,
  type TaskResult,
  type UngradedResult,
  resultRecordSchema,
  taskResultSchema,
  ungradedResultSchema,
} from './task-result.js';
