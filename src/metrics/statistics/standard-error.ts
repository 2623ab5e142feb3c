import { groupBy } from '../group-by.js';

/**
 * The standard error of the mean of `values`. With `clusters` (one name for each value), values of a cluster count as
 * one observation, however much they agree: sqrt(G / (G - 1) * Σ_g (Σ_{i in g} (x_i - mean))²) / n, the formula of
 * Inspect's `stderr(cluster)`. Without, every value is its own cluster, which gives the sample deviation over √n.
 * Undefined for fewer than two clusters, where Inspect says 0: nothing is known of the spread then.
 */
export function standardError(values: readonly number[], clusters?: readonly string[]): number | undefined {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const indexed = values.map((value, index) => ({
    deviation: value - mean,
    cluster: clusters?.[index] ?? `#${index}`,
  }));
  const sums = [...groupBy(indexed, ({ cluster }) => cluster).values()].map((members) =>
    members.reduce((sum, { deviation }) => sum + deviation, 0),
  );
  if (sums.length < 2) return undefined;
  const spread = sums.reduce((sum, deviation) => sum + deviation ** 2, 0);
  return Math.sqrt((spread * sums.length) / (sums.length - 1)) / values.length;
}
