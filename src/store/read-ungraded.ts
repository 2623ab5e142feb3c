import { readFile } from 'node:fs/promises';
import { type UngradedResult, ungradedResultSchema } from '../result/task-result.js';

/** An agent's work as it was kept. Undefined where the file is missing or not whole. */
export async function readUngraded(path: string): Promise<UngradedResult | undefined> {
  try {
    return ungradedResultSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}
