import type { RunComparison } from '../metrics/compare-runs.js';
import type { RunSummary } from '../metrics/run-summary-schema.js';

/** One run of an ablation. */
export interface AblationCell {
  /** Such as `userTool off, network cut`. */
  readonly name: string;
  /** The level of each factor, by the factor's name. */
  readonly factors: Readonly<Record<string, string>>;
  /** Only a `completed` cell is what was asked for. */
  readonly status: 'completed' | 'cancelled' | 'stopped';
  /** The run's. Undefined where nothing is on disk. */
  readonly folder: string | undefined;
  readonly summary: RunSummary;
  /** With the baseline, task by task. Undefined for the baseline itself. */
  readonly comparison: RunComparison | undefined;
}

/** What came of an ablation, as plain JSON. */
export interface Ablation {
  readonly status: 'completed' | 'cancelled' | 'stopped';
  /** Names, in the order they were given. */
  readonly factors: readonly string[];
  /** Those that were begun, in order. The first is the baseline. */
  readonly cells: readonly AblationCell[];
  /** Names of the cells that were not begun. */
  readonly missing: readonly string[];
}
