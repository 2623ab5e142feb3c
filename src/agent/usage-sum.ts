import { dollars, picodollars } from '../model/dollars.js';
import type { AgentUsage } from './agent-usage.js';

/** The sum of what is known; dollars are unknown as soon as one part's are. */
export function usageSum(parts: readonly AgentUsage[]): AgentUsage {
  const sum: Record<string, number> = {};
  const costs: bigint[] = [];
  for (const { costDollars, ...counts } of parts) {
    if (costDollars !== undefined) costs.push(picodollars(costDollars));
    for (const [name, count] of Object.entries(counts)) {
      if (count !== undefined) sum[name] = (sum[name] ?? 0) + count;
    }
  }
  if (costs.length < parts.length || costs.length === 0) return sum;
  return { ...sum, costDollars: dollars(costs.reduce((total, cost) => total + cost, 0n)) };
}
