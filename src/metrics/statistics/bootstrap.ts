import { ConfigurationError } from '../../errors.js';
import { seededRandom } from '../../seeded-random.js';
import type { Interval } from '../run-summary-schema.js';
import { quantile } from './quantile.js';

export interface BootstrapOptions {
  /** 0 to 2^32 - 1. The same data and seed give the same figures everywhere. Default 0. */
  readonly seed?: number | undefined;
  /** Default 2000. */
  readonly resamples?: number | undefined;
}

export const bootstrapDefaults = { seed: 0, resamples: 2000 } as const;

/** What one independent unit, such as an issue, adds to a ratio. */
export interface RatioPart {
  readonly part: number;
  readonly whole: number;
}

export interface BootstrapEstimate {
  /** From the 2.5th to the 97.5th percentile. */
  readonly interval: Interval;
  /** Standard deviation of the resampled ratios. */
  readonly standardError: number;
}

/**
 * How far Σ part / Σ whole may be off, from drawing as many units again with replacement: a mean is `whole: 1` for each
 * value, an earn rate has dollars in both. The order of the units changes nothing. Undefined for fewer than two units or where no resample has a whole.
 *
 * @throws ConfigurationError for a seed that is none, or fewer than 2 resamples.
 */
export function bootstrapRatio(
  units: readonly RatioPart[],
  options: BootstrapOptions = {},
): BootstrapEstimate | undefined {
  const { seed = bootstrapDefaults.seed, resamples = bootstrapDefaults.resamples } = options;
  if (!Number.isInteger(resamples) || resamples < 2) {
    throw new ConfigurationError(`\`resamples\` is ${resamples}; it must be a whole number of 2 or more.`);
  }
  const next = seededRandom(seed);
  if (units.length < 2) return undefined;
  const sorted = units.toSorted((a, b) => a.part - b.part || a.whole - b.whole);
  const ratios: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    let part = 0;
    let whole = 0;
    for (let draw = 0; draw < sorted.length; draw++) {
      const unit = sorted[Math.floor(next() * sorted.length)];
      part += unit?.part ?? 0;
      whole += unit?.whole ?? 0;
    }
    if (whole !== 0) ratios.push(part / whole);
  }
  const low = quantile(ratios, 0.025);
  const high = quantile(ratios, 0.975);
  if (low === undefined || high === undefined) return undefined;
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const variance = ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / (ratios.length - 1);
  return { interval: { low, high, method: 'bootstrap' }, standardError: Math.sqrt(variance) };
}

/**
 * The interval of `bootstrapRatio`, unless it has no width: what did not vary among these units may vary among others, and
 * resampling cannot say how much.
 */
export function bootstrapInterval(
  units: readonly RatioPart[],
  options: BootstrapOptions = {},
): Interval | undefined {
  const interval = bootstrapRatio(units, options)?.interval;
  if (interval === undefined) return undefined;
  const { low, high } = interval;
  // Equal but for rounding.
  return high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high)) ? undefined : interval;
}
