import type { ResultRecord } from '../result/task-result.js';
import { counts } from './accuracy.js';
import { distinctWork } from './distinct-work.js';
import { earned, ratio } from './money.js';
import type { CostSummary } from './run-summary-schema.js';

/**
 * What the results cost, against what they earned. `attempts`: every attempt, those that ended in an infrastructure
 * fault included, because the model was paid for them too. Default: the results.
 */
export function costSummary(
  results: readonly ResultRecord[],
  attempts: readonly ResultRecord[] = results,
): CostSummary {
  const paid = distinctWork(attempts);
  const costs = paid.flatMap((attempt) => attempt.usage.costDollars ?? (hadNoAgent(attempt) ? 0 : []));
  const knownCost = sumCosts(costs);
  const unknown = paid.length - costs.length;
  const cost = unknown === 0 ? knownCost : undefined;
  const income = earned.compute(results);
  return {
    attempts: paid.length,
    attemptsOfUnknownCost: unknown,
    knownCost,
    cost,
    net: cost === undefined ? undefined : sumCosts([income, -cost]),
    costPerEarnedDollar: cost === undefined ? undefined : ratio(cost, income),
    costPerCorrect: cost === undefined ? undefined : ratio(cost, counts.compute(results).correct),
  };
}

/** A fault before the agent's turn costs nothing, which is known. */
function hadNoAgent({ status, workOf, phases }: ResultRecord): boolean {
  return status !== 'scored' && workOf === undefined && phases.solve === undefined;
}

/** Exact to the billionth of a dollar: a call may cost less than a cent. */
function sumCosts(costs: readonly number[]): number {
  return costs.reduce((sum, cost) => sum + Math.round(cost * 1e9), 0) / 1e9;
}
