import { editDistance } from './edit-distance.js';

/** The known name that takes the fewest edits to reach, or undefined where none begins with it or is near enough to be meant. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 2));
  for (const candidate of known) {
    const [given, other] = [name.toLowerCase(), candidate.toLowerCase()];
    const distance = given.length > 2 && other.startsWith(given) ? 1 : editDistance(given, other);
    if (distance < bestDistance || (distance === bestDistance && best === undefined)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
