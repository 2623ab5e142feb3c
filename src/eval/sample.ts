import type { Task } from '../dataset/task.js';

/** One of the independent runs of a task. */
export interface Sample {
  readonly task: Task;
  /** From 1. */
  readonly epoch: number;
}
