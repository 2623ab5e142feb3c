export { type GoldLocations, goldLocations, type GoldOptions, isSourceFile } from './gold-locations.js';
export {
  type LevelFigures,
  localizationFigures,
  type LocalizationFigures,
} from './localization-figures.js';
export type { LocalizationLevel } from './localization-metadata.js';
export { localizationPrompt } from './localization-prompt.js';
export { localizationScorer, type LocalizationScorerOptions } from './localization-scorer.js';
export { parseRankedLocations, type RankedLocation } from './ranked-locations.js';
