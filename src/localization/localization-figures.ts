import { ConfigurationError } from '../errors.js';
import type { Metric } from '../metrics/metric.js';
import { ratio, scoredOnly } from '../metrics/money.js';
import {
  type LocalizationLevel,
  type LocalizationMetadata,
  localizationMetadataSchema,
} from './localization-metadata.js';

/** How well places of one kind were found. Means over samples that have such places to find. */
export interface LevelFigures {
  readonly samples: number;
  readonly atK: readonly {
    readonly k: number;
    /** Share of samples with a right place among their first k. */
    readonly hit: number | undefined;
    /** Mean share of the right places that are among the first k. */
    readonly recall: number | undefined;
  }[];
  /** Mean of 1 / rank of the first right place, 0 where none is right. */
  readonly meanReciprocalRank: number | undefined;
}

export interface LocalizationFigures {
  readonly files: LevelFigures;
  readonly functions: LevelFigures;
}

/**
 * Hit@k, Recall@k and mean reciprocal rank of samples scored by `localizationScorer`; other samples are passed over. No
 * answer is one in which nothing is right.
 */
export function localizationFigures(
  options: { /** Default 1, 3, 5 and 10. */ readonly ks?: readonly number[] | undefined } = {},
): Metric<LocalizationFigures> {
  const ks = options.ks ?? [1, 3, 5, 10];
  const bad = ks.find((k) => !Number.isInteger(k) || k < 1);
  if (bad !== undefined) throw new ConfigurationError(`Hit@k needs a whole k of 1 or more, not ${bad}.`);
  return {
    name: 'localization',
    compute: (results) => {
      const samples = scoredOnly(results).flatMap(({ scoreMetadata }) => {
        const kept = localizationMetadataSchema.safeParse(scoreMetadata);
        return kept.success ? [kept.data.localization] : [];
      });
      return { files: figuresOf(samples, 'files', ks), functions: figuresOf(samples, 'functions', ks) };
    },
  };
}

function figuresOf(
  all: readonly LocalizationMetadata['localization'][],
  level: LocalizationLevel,
  ks: readonly number[],
): LevelFigures {
  const samples = all.map((sample) => sample[level]).filter(({ gold }) => gold > 0);
  const mean = (value: (sample: (typeof samples)[number]) => number) =>
    ratio(
      samples.reduce((sum, sample) => sum + value(sample), 0),
      samples.length,
    );
  const found = (ranks: readonly number[], k: number) => ranks.filter((rank) => rank <= k).length;
  return {
    samples: samples.length,
    atK: ks.map((k) => ({
      k,
      hit: mean(({ ranks }) => Number(found(ranks, k) > 0)),
      recall: mean(({ ranks, gold }) => found(ranks, k) / gold),
    })),
    meanReciprocalRank: mean(({ ranks: [first] }) => (first === undefined ? 0 : 1 / first)),
  };
}
