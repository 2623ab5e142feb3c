import { seededRandom } from '../seeded-random.js';

/**
 * A Fisher–Yates shuffle driven by `seededRandom`: the same items and seed give the same order on every machine and in
 * every release.
 *
 * @throws ConfigurationError unless the seed is an integer from 0 to 2^32 - 1.
 */
export function seededShuffle<T>(items: readonly T[], seed: number): T[] {
  const next = seededRandom(seed);
  const remaining = [...items];
  const shuffled: T[] = [];
  while (remaining.length > 0) {
    const chosen = Math.floor(next() * remaining.length);
    shuffled.push(...remaining.splice(chosen, 1));
  }
  return shuffled;
}
