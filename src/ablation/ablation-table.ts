import type { Interval } from '../metrics/run-summary-schema.js';
import type { Ablation, AblationCell } from './ablation.js';

/** A line of an ablation's table. Undefined is unknown, never 0. */
export interface AblationRow {
  readonly cell: string;
  readonly factors: Readonly<Record<string, string>>;
  readonly status: AblationCell['status'];
  /** Tasks with a result, and their results over all epochs. */
  readonly tasks: number;
  readonly samples: number;
  readonly errors: number;
  /** Share of the scored samples that passed. */
  readonly passRate: number | undefined;
  readonly passRateInterval: Interval | undefined;
  /**
   * The chance that one of k epochs passes, for k = all of them, and the dollars of the tasks of which one has: each task's
   * price once.
   */
  readonly passAtK: { readonly k: number; readonly share: number; readonly earned: number } | undefined;
  /** Dollars. */
  readonly earned: number;
  readonly available: number;
  readonly earnRate: number | undefined;
  /** Of the pass rate to the baseline's, over the tasks both scored. Undefined for the baseline. */
  readonly difference: number | undefined;
  readonly differenceInterval: Interval | undefined;
  readonly pValue: number | undefined;
  /** Dollars, of all attempts. */
  readonly cost: number | undefined;
  /** Read and written, of the samples whose usage is known. */
  readonly tokens: number | undefined;
  /** Milliseconds. */
  readonly medianSampleMs: number | undefined;
}

/** The comparison of an ablation as data: one row a cell, the baseline first. */
export function ablationTable({ cells }: Ablation): readonly AblationRow[] {
  return cells.map(({ name, factors, status, summary, comparison }) => {
    const { overall, cost, tokens, durations, passAtK } = summary;
    const last = passAtK.at(-1);
    const { input, output } = tokens;
    return {
      cell: name,
      factors,
      status,
      tasks: overall.tasks,
      samples: overall.samples,
      errors: overall.errors,
      passRate: overall.accuracy,
      passRateInterval: overall.accuracyInterval,
      passAtK:
        last?.passAtK === undefined
          ? undefined
          : { k: last.k, share: last.passAtK, earned: last.anyOfKEarned },
      earned: overall.earned,
      available: overall.available,
      earnRate: overall.earnRate,
      difference: comparison?.accuracy.difference,
      differenceInterval: comparison?.accuracy.interval,
      pValue: comparison?.pValue,
      cost: cost.cost,
      tokens: input.known + output.known === 0 ? undefined : (input.total ?? 0) + (output.total ?? 0),
      medianSampleMs: durations.sample.p50,
    };
  });
}
