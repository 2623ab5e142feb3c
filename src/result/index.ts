export { recordOf } from './record-of.js';
export {
  type CancelledResult,
  type ErrorResult,
  type ResultPatch,
  type ResultRecord,
  type ScoredResult,
  type TaskResult,
  resultRecordSchema,
  taskResultSchema,
} from './task-result.js';
