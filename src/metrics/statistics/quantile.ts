/**
 * The value below which `share` (0 to 1) of the values lie, with straight lines between neighbours: rank
 * `share * (n - 1)` counted from 0, which is NumPy's default and type 7 of Hyndman and Fan (1996).
 * Undefined for no values.
 */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = share * (sorted.length - 1);
  const below = sorted[Math.floor(rank)];
  const above = sorted[Math.ceil(rank)];
  if (below === undefined || above === undefined) return undefined;
  return below + (above - below) * (rank - Math.floor(rank));
}
