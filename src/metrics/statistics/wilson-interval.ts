import type { Interval } from '../run-summary-schema.js';

/** The 97.5 % point of the normal distribution. */
const z = 1.959963984540054;

/**
 * Wilson's 95 % interval for a share of `count` independent yes-or-no results (Wilson 1927, without continuity
 * correction): within [0, 1], and sensible where none or all passed. The count may be an effective one, which is no whole
 * number. Undefined for a count of 0.
 */
export function wilsonInterval(share: number, count: number): Interval | undefined {
  if (count === 0) return undefined;
  const scale = 1 + z ** 2 / count;
  const centre = (share + z ** 2 / (2 * count)) / scale;
  const reach = (z * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2))) / scale;
  // At the ends the two are equal but for rounding.
  return {
    low: share === 0 ? 0 : centre - reach,
    high: share === 1 ? 1 : centre + reach,
    method: 'wilson',
  };
}
