import { readFile } from 'node:fs/promises';
import { type TaskResult, taskResultSchema } from '../result/task-result.js';
import { StoreError } from './errors.js';

/** The whole result of an attempt, from its file. @throws StoreError */
export async function readResult(path: string): Promise<TaskResult> {
  try {
    return taskResultSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new StoreError(`The result ${path} cannot be read.`, { problem: 'unreadable', cause });
  }
}
