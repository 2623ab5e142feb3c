import { readFile } from 'node:fs/promises';
import { ZodError } from 'zod';
import { type UngradedResult, ungradedResultSchema } from '../result/task-result.js';
import { StoreError } from './errors.js';

/**
 * An agent's work as it was kept. Undefined where the file is missing or not whole.
 * @throws StoreError where it may be whole and cannot be read now: nobody must take it for lost
 */
export async function readUngraded(path: string): Promise<UngradedResult | undefined> {
  try {
    return ungradedResultSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    const isLost = cause instanceof Error && 'code' in cause && lost.has(cause.code);
    if (isLost || cause instanceof SyntaxError || cause instanceof ZodError) return undefined;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError(`${path} cannot be read: ${reason}. See to that, and run again to continue.`, {
      problem: 'unreadable',
      cause,
    });
  }
}

/** There is no such file, or something else in its place. */
const lost: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);
