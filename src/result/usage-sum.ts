import type { z } from 'zod';
import { dollars, picodollars } from '../model/dollars.js';
import type { usageSchema } from './usage-schema.js';

type Usage = z.infer<typeof usageSchema>;

/** The sum of what is known; dollars are unknown as soon as one part's are. */
export function usageSum(parts: readonly Usage[]): Usage {
  const counts = countSum(parts);
  const costs = parts.flatMap(({ costDollars }) => costDollars ?? []);
  if (costs.length < parts.length || costs.length === 0) return counts;
  return { ...counts, costDollars: dollars(costs.reduce((total, cost) => total + picodollars(cost), 0n)) };
}

/** The same without dollars. */
export function countSum(parts: readonly Usage[]): Omit<Usage, 'costDollars'> {
  const sum: Record<string, number> = {};
  for (const part of parts) {
    for (const [name, count] of Object.entries({ ...part, costDollars: undefined })) {
      if (count !== undefined) sum[name] = (sum[name] ?? 0) + count;
    }
  }
  return sum;
}
