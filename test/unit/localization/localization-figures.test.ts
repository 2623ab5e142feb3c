import { describe, expect, it } from 'vitest';
import { ConfigurationError, localizationFigures } from '../../../src/index.js';
import { failed, scored } from '../../fixtures/results.js';

const sample = (id: string, files: [number, number[]], functions: [number, number[]]) =>
  scored(id, false, {
    scoreMetadata: {
      localization: {
        files: { gold: files[0], named: 10, ranks: files[1] },
        functions: { gold: functions[0], named: 10, ranks: functions[1] },
      },
    },
  });

describe('figures of localization', () => {
  const results = [
    sample('1', [2, [1, 4]], [1, [2]]),
    sample('2', [1, []], [0, []]),
    sample('3', [4, [2, 3, 5]], [2, []]),
    scored('4', true),
    failed('5'),
  ];
  const { files, functions } = localizationFigures({ ks: [1, 3, 5] }).compute(results);

  it('are Hit@k and Recall@k over the samples that were scored for it', () => {
    expect(files.samples).toBe(3);
    // First k: 1 of 2, 0 of 1, 0 of 4; then 1, 0, 2; then 2, 0, 3.
    expect(files.atK.map(({ k, hit }) => [k, hit])).toEqual([
      [1, 1 / 3],
      [3, 2 / 3],
      [5, 2 / 3],
    ]);
    expect(files.atK[0]?.recall).toBeCloseTo(0.5 / 3, 12);
    expect(files.atK[1]?.recall).toBeCloseTo((0.5 + 0 + 0.5) / 3, 12);
    expect(files.atK[2]?.recall).toBeCloseTo((1 + 0 + 0.75) / 3, 12);
    expect(files.meanReciprocalRank).toBeCloseTo((1 + 0 + 1 / 2) / 3, 12);
  });

  it('leave samples without a function to find out of those for functions', () => {
    expect(functions.samples).toBe(2);
    expect(functions.atK[1]).toEqual({ k: 3, hit: 0.5, recall: 0.5 });
  });

  it('are undefined for other runs', () => {
    expect(localizationFigures().compute([scored('1', true)]).files).toMatchObject({
      samples: 0,
      meanReciprocalRank: undefined,
      atK: [{ k: 1, hit: undefined, recall: undefined }, { k: 3 }, { k: 5 }, { k: 10 }],
    });
    expect(() => localizationFigures({ ks: [0] })).toThrow(ConfigurationError);
  });
});
