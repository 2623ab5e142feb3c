import { createHash } from 'node:crypto';
import { withSortedKeys } from '../digest.js';
import type { Task } from './task.js';

/**
 * SHA-256, in hexadecimal, of the tasks sorted by id, each as JSON with sorted keys, secrets included. Two datasets
 * that hold the same tasks have the same fingerprint, in whatever order and from whatever file.
 */
export function datasetFingerprint(tasks: readonly Task[]): string {
  const hash = createHash('sha256');
  const sorted = [...tasks].sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const task of sorted)
    hash.update(`${JSON.stringify(task, (_key, part: unknown) => withSortedKeys(part))}\n`);
  return hash.digest('hex');
}
