import { ConfigurationError } from './errors.js';

/**
 * The mulberry32 generator: numbers in [0, 1) with 32 random bits, the same for a seed on every machine and in every
 * release. For shuffles and resampling, not for secrets.
 *
 * @throws ConfigurationError unless the seed is an integer from 0 to 2^32 - 1.
 */
export function seededRandom(seed: number): () => number {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new ConfigurationError(`The seed ${seed} must be an integer from 0 to 4294967295.`);
  }
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
