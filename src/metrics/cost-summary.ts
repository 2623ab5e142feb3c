import type { ResultRecord } from '../result/task-result.js';
import { countSum } from '../result/usage-sum.js';
import { counts } from './accuracy.js';
import { distinctWork } from './distinct-work.js';
import { earned, ratio } from './money.js';
import type { CostSummary } from './run-summary-schema.js';

/** What an attempt without a result is known to have spent. Undefined: no agent was at work yet. */
export interface UnfinishedWork {
  readonly usage: ResultRecord['usage'] | undefined;
}

/**
 * What the results cost, against what they earned. `attempts`: every attempt, those that ended in an infrastructure
 * fault included, because the model was paid for them too. Default: the results. `unfinished`: those that died with their
 * process.
 */
export function costSummary(
  results: readonly ResultRecord[],
  attempts: readonly ResultRecord[] = results,
  unfinished: readonly UnfinishedWork[] = [],
): CostSummary {
  const paid = distinctWork(attempts);
  const costs = paid.map(costsOf);
  const unfinishedCosts = unfinished.map(({ usage }) => [usage === undefined ? 0 : usage.costDollars]);
  const all = [...costs, ...unfinishedCosts];
  const knownCost = sumKnown(all);
  const unknown = all.filter((parts) => parts.includes(undefined)).length;
  const cost = unknown === 0 ? knownCost : undefined;
  const income = earned.compute(results);
  return {
    attempts: paid.length + unfinished.length,
    unfinishedAttempts: unfinished.length,
    attemptsOfUnknownCost: unknown,
    knownCost,
    unfinishedCost: sumKnown(unfinishedCosts),
    cost,
    net: cost === undefined ? undefined : sumCosts([income, -cost]),
    costPerEarnedDollar: cost === undefined ? undefined : ratio(cost, income),
    costPerCorrect: cost === undefined ? undefined : ratio(cost, counts.compute(results).correct),
    usage: countSum([
      ...[...paid, ...unfinished].flatMap(({ usage }) => usage ?? []),
      ...paid.flatMap(({ lostUsage }) => lostUsage ?? []),
    ]),
  };
}

/** What it cost itself, and what earlier processes spent on it. */
function costsOf(attempt: ResultRecord): readonly (number | undefined)[] {
  const { usage, lostUsage } = attempt;
  const own = usage.costDollars ?? (hadNoAgent(attempt) ? 0 : undefined);
  return lostUsage === undefined ? [own] : [own, lostUsage.costDollars];
}

function sumKnown(costs: readonly (readonly (number | undefined)[])[]): number {
  return sumCosts(costs.flat().filter((cost) => cost !== undefined));
}

/** A fault before the agent's turn costs nothing, which is known. */
export function hadNoAgent({ status, workOf, phases }: ResultRecord): boolean {
  return status !== 'scored' && workOf === undefined && phases.solve === undefined;
}

/** Exact to the billionth of a dollar: a call may cost less than a cent. */
function sumCosts(costs: readonly number[]): number {
  return costs.reduce((sum, cost) => sum + Math.round(cost * 1e9), 0) / 1e9;
}
