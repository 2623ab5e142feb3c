export { type Deadlines, defaultDeadlines } from './deadlines.js';
export { AgentError, PhaseTimeoutError, TaskCancelledError } from './errors.js';
export type { Gates } from './gates.js';
export { gradeTask, type GradeTaskOptions } from './grade-task.js';
export { runTask } from './run-task.js';
export type { GradingMode, RunTaskOptions } from './run-task-options.js';
