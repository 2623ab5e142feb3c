import { refuseProblems } from '../option-names.js';
import { join } from 'node:path';
import { ConfigurationError } from '../errors.js';
import type { EvalOptions } from '../eval/eval-options.js';
import { planEval } from '../eval/eval-plan.js';
import { hiddenSettings } from '../eval/own-settings.js';
import type { EvalOutcome, EvalRun } from '../eval/eval-run.js';
import { runEval } from '../eval/run-eval.js';
import { runEventsOf } from '../events/run-events.js';
import { endSetups } from '../swelancer/end-setups.js';
import { sharedSetups } from '../swelancer/shared-setups.js';
import { compareRuns } from '../metrics/compare-runs.js';
import type { Ablation } from './ablation.js';
import {
  type AblationChange,
  type AblationDesign,
  type AblationFactors,
  matrixCells,
  merged,
  type PlannedCell,
  variantCells,
} from './ablation-cells.js';

export interface AblationOptions {
  /** What all cells have in common. */
  readonly base: Omit<EvalOptions, 'store' | 'runId' | 'name'>;
  /** What is varied. Either this or `variants`. */
  readonly factors?: AblationFactors | undefined;
  /** Cells by name, each with what it has of its own. The first is the baseline. */
  readonly variants?: Readonly<Record<string, AblationChange>> | undefined;
  /** Which combinations of the factors are run. Default: `one-at-a-time`. */
  readonly design?: AblationDesign | undefined;
  /** A folder in which each cell has one of its own. Interrupted, the ablation goes on where it was. Default: none. */
  readonly store?: string | undefined;
  /**
   * Tasks whose set-ups are kept from one cell for the next, the first ones in the run's order. Each takes the disk of what
   * its set-up wrote, gigabytes with the published images, until the last cell is over. Default: 8.
   */
  readonly keepSetups?: number | undefined;
  /** Called as each cell begins. What it returns is disposed of when the cell is over: `(run) => showProgress(run)`. */
  readonly onCell?: ((run: EvalRun, name: string) => Disposable | undefined | void) | undefined;
}

/**
 * Runs the same tasks under several conditions, one after another, and compares each with the first. A cell that is
 * cancelled, or ended by `failOnError`, is the last: later ones are named in `missing`.
 * @throws ConfigurationError before anything is run, whichever cell it is about. StoreError when a cell's folder holds
 * another run than this.
 */
export async function runAblation(options: AblationOptions): Promise<Ablation> {
  const planned = plan(options);
  const setups = sharedSetups({ keep: options.keepSetups ?? defaultKeepSetups });
  await using _ended = {
    [Symbol.asyncDispose]: async () => {
      await endSetups(setups, runEventsOf(options.base.events).scope());
    },
  };
  const outcomes: EvalOutcome[] = [];
  for (const { name, evaluation } of planned) {
    if (options.base.signal?.aborted === true) break;
    const run = runEval({ setups, ...evaluation });
    const watch = options.onCell?.(run, name);
    try {
      const outcome = await run;
      outcomes.push(outcome);
      if (outcome.status !== 'completed') break;
    } finally {
      watch?.[Symbol.dispose]();
    }
  }
  const [baseline] = outcomes;
  const ended = outcomes.at(-1)?.status ?? 'cancelled';
  return {
    status: ended === 'completed' && outcomes.length < planned.length ? 'cancelled' : ended,
    factors: Object.keys(planned[0]?.factors ?? {}),
    cells: outcomes.flatMap(({ status, folder, summary, records }, index) => {
      const cell = planned[index];
      if (cell === undefined || baseline === undefined) return [];
      const { name, factors } = cell;
      const { seed } = options.base;
      const comparison =
        index === 0 ? undefined : compareRuns(baseline.records, records, seed === undefined ? {} : { seed });
      return { name, factors, status, folder, summary, comparison };
    }),
    missing: planned.slice(outcomes.length).map(({ name }) => name),
  };
}

const defaultKeepSetups = 8;

type CellPlan = Pick<PlannedCell, 'name' | 'factors'> & { readonly evaluation: EvalOptions };

/** Every cell is checked before the first begins: an ablation that fails after a night has cost a night. */
function plan({
  base,
  factors,
  variants,
  design = 'one-at-a-time',
  store,
}: AblationOptions): readonly CellPlan[] {
  if ((factors === undefined) === (variants === undefined))
    throw new ConfigurationError('runAblation takes either `factors` or `variants`.');
  const cells = variants === undefined ? matrixCells(factors ?? {}, design) : variantCells(variants);
  const folders = new Map<string, string>();
  return cells.map(({ name, factors: levels, change }) => {
    const folder = folderName(name);
    const other = folders.get(folder.toLowerCase());
    if (other !== undefined)
      throw new ConfigurationError(
        `The cells "${other}" and "${name}" would share the folder ${folder}. Name one of them otherwise.`,
      );
    folders.set(folder.toLowerCase(), name);
    const changed = merged(base, change);
    refuseProblems('runAblation', hiddenSettings(changed.configuration, { ablation: true }));
    const evaluation = {
      ...merged(changed, { configuration: { ablation: levels } }),
      name,
      ...(store !== undefined && { store: join(store, folder) }),
    };
    planEval(evaluation);
    return { name, factors: levels, evaluation };
  });
}

/** `userTool-off_network-cut` of `userTool off, network cut`. */
function folderName(name: string): string {
  const folder = name
    .replaceAll(', ', '_')
    .replace(/[^\p{Letter}\p{Number}_.-]+/gu, '-')
    .replace(/^[.-]+|[.-]+$/g, '');
  if (folder === '')
    throw new ConfigurationError(`"${name}" is no name for a cell: a folder is named after it.`);
  return folder.slice(0, 200);
}
