import type { Distribution } from './run-summary-schema.js';
import { quantile } from './statistics/quantile.js';

/** Percentiles, by the definition of `quantile`, of the values that are known. */
export function distribution(values: readonly (number | undefined)[]): Distribution {
  const known = values.filter((value) => value !== undefined);
  const counts = { known: known.length, unknown: values.length - known.length };
  if (known.length === 0) return counts;
  const total = known.reduce((sum, value) => sum + value, 0);
  return {
    ...counts,
    total,
    mean: total / known.length,
    minimum: quantile(known, 0),
    p25: quantile(known, 0.25),
    p50: quantile(known, 0.5),
    p75: quantile(known, 0.75),
    p90: quantile(known, 0.9),
    p95: quantile(known, 0.95),
    p99: quantile(known, 0.99),
    maximum: quantile(known, 1),
  };
}
