import type { RunSummary } from '../../metrics/run-summary-schema.js';

/** How a log makes one value of a task's epochs: the same in its header, its results and its reductions. */
export interface EpochReducers {
  readonly mean: 'mean';
  /** The chance that one of `k` epochs passes. Undefined where no task has two epochs with a score. */
  readonly passAt?: { readonly name: string; readonly k: number; readonly value: number } | undefined;
}

/**
 * Undefined for a run of one epoch. pass@k is of as many epochs as any task has scores of: a run that was cut off, or lost
 * epochs to faults, may have none for all of its epochs.
 */
export function epochReducers(epochs: number, { passAtK }: RunSummary): EpochReducers | undefined {
  if (epochs < 2) return undefined;
  const known = passAtK.flatMap(({ k, passAtK: value }) =>
    k < 2 || value === undefined ? [] : [{ k, value }],
  );
  const last = known.at(-1);
  return { mean: 'mean', passAt: last && { name: `pass_at_${last.k}`, ...last } };
}

/** In the order of the log's scores. */
export function reducerNames({ mean, passAt }: EpochReducers): readonly string[] {
  return passAt === undefined ? [mean] : [mean, passAt.name];
}
