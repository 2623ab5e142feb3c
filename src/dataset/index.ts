export type { BadRowOptions } from './bad-rows.js';
export type { CsvOptions } from './csv-reader.js';
export { Dataset } from './dataset.js';
export { DatasetError, type DatasetProblem, describeProblem } from './errors.js';
export type { IssuesDirectoryOptions } from './issue-folder.js';
export type { JsonlOptions } from './jsonl.js';
export { type Exclusion, inspectExclusions } from './known-exclusions.js';
export { parsePythonLiteral, PythonLiteralError, type PythonValue } from './python-literal.js';
export {
  type IcSweSecrets,
  type IcSweTask,
  type PromptMessage,
  publicTask,
  type PublicTask,
  type SweManagerSecrets,
  type SweManagerTask,
  type Task,
  type TaskVariant,
} from './task.js';
export { taskSchema } from './task-schema.js';
export { readTaskLabels, type TaskLabels } from './task-labels.js';
export type { TaskSource, TaskSourceOptions } from './task-source.js';
export { decodeClean, decodeFaithful, TextDecodingError, type TextMode } from './text-decoding.js';
export type { DatasetTotals, SplitTotals, Total, VariantTotals } from './totals.js';
