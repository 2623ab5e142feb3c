import { createHash } from 'node:crypto';

/**
 * An id in the look of Inspect's own: 22 letters and digits, so that file names, which it splits at `-` and `_`, hold. The
 * same parts always give the same id: a run that is exported again replaces itself in a list.
 */
export function logId(...parts: readonly (string | number)[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return BigInt(`0x${digest}`).toString(36).slice(0, 22);
}

/** Readers find a sample by its id and epoch. Ids hold letters, digits, `.`, `_` and `-` only, as datasets demand. */
export function sampleMember(taskId: string, epoch: number): string {
  return `samples/${taskId}_epoch_${epoch}.json`;
}
