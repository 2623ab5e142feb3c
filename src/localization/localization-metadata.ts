import { z } from 'zod';
import type { GoldLocations } from './gold-locations.js';
import type { RankedLocation } from './ranked-locations.js';

const levelSchema = z.object({
  /** How many there are to find. */
  gold: z.number().int().nonnegative(),
  /** How many different ones the answer named. */
  named: z.number().int().nonnegative(),
  /** At which places of the answer, from 1, the gold ones are; ascending. */
  ranks: z.array(z.number().int().positive()),
});

/** What the scorer keeps for the metrics: places of the answer, not the gold itself. */
export const localizationMetadataSchema = z.object({
  localization: z.object({ files: levelSchema, functions: levelSchema }),
});

export type LocalizationMetadata = z.infer<typeof localizationMetadataSchema>;
export type LocalizationLevel = keyof LocalizationMetadata['localization'];

export function localizationMetadata(
  gold: GoldLocations,
  answer: readonly RankedLocation[],
): LocalizationMetadata {
  const functions = answer.filter((location) => location.function !== undefined);
  return {
    localization: {
      files: ranked(
        gold.files,
        answer.map(({ path }) => path),
      ),
      functions: ranked(
        gold.functions,
        functions.map((location) => `${location.path}:${location.function ?? ''}`),
      ),
    },
  };
}

function ranked(gold: readonly string[], answer: readonly string[]) {
  const named = [...new Set(answer)];
  const wanted = new Set(gold);
  return {
    gold: gold.length,
    named: named.length,
    ranks: named.flatMap((name, index) => (wanted.has(name) ? [index + 1] : [])),
  };
}
