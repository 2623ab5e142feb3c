/** Lower bounds in dollars. Our choice, along the steps prices really have; above $300 is what upstream once called hard. */
const bands = [0, 300, 1000, 4000, 10_000] as const;

/** Such as `$300-$999` or `$10000+`. */
export function priceBand(dollars: number): string {
  const index = bands.findLastIndex((bound) => dollars >= bound);
  const from = bands[Math.max(index, 0)] ?? 0;
  const to = bands[index + 1];
  return to === undefined ? `$${from}+` : `$${from}-$${to - 1}`;
}
