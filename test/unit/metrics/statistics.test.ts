import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bootstrapRatio,
  ConfigurationError,
  distribution,
  passAtK,
  passHatK,
  quantile,
  signTest,
  standardError,
  wilsonInterval,
} from '../../../src/index.js';

// Reference values: Inspect AI 0.3.285, SciPy 1.17.1 and NumPy 2.4.6, run on the data shown.

describe('the standard error', () => {
  const values = [1, 0, 1, 1, 0, 0, 1, 0, 1, 1];

  it("equals Inspect's, plain and clustered", () => {
    expect(standardError(values)).toBeCloseTo(0.16329931618554522, 14);
    expect(standardError(values, Array.from('aabbbcdeef'))).toBeCloseTo(0.09797958971132713, 14);
  });

  it('is unknown, not 0 as Inspect says, for fewer than two observations', () => {
    expect(standardError([])).toBeUndefined();
    expect(standardError([1])).toBeUndefined();
    expect(standardError([1, 0, 1], ['a', 'a', 'a'])).toBeUndefined();
  });
});

describe('pass@k and pass^k', () => {
  it.each([
    [5, 2, 1, 0.4, 0.4],
    [5, 2, 3, 0.9, 0],
    [5, 0, 2, 0, 0],
    [5, 5, 5, 1, 1],
    [5, 4, 2, 1, 0.6],
    [10, 3, 4, 0.8333333333333334, 0],
    [20, 7, 10, 0.9984520123839009, 0],
  ])("of n=%d, c=%d, k=%d equal Inspect's pass_at and pass_k", (n, c, k, any, all) => {
    expect(passAtK(n, c, k)).toBeCloseTo(any, 14);
    expect(passHatK(n, c, k)).toBeCloseTo(all, 14);
  });

  it('are undefined, where Inspect says NaN, for fewer scored epochs than k', () => {
    expect(passAtK(3, 3, 5)).toBeUndefined();
    expect(passHatK(3, 3, 5)).toBeUndefined();
  });

  it('equal the share of all choices of k epochs that hold a pass, or only passes', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }), fc.nat(7), (outcomes, extra) => {
        const k = (extra % outcomes.length) + 1;
        const choices = choose(outcomes, k);
        const passed = outcomes.filter(Boolean).length;
        const any = choices.filter((choice) => choice.some(Boolean)).length / choices.length;
        const all = choices.filter((choice) => choice.every(Boolean)).length / choices.length;
        expect(passAtK(outcomes.length, passed, k)).toBeCloseTo(any, 12);
        expect(passHatK(outcomes.length, passed, k)).toBeCloseTo(all, 12);
      }),
    );
  });
});

describe("Wilson's interval", () => {
  it.each([
    [0, 10, 0, 0.27753279986288926],
    [3, 10, 0.10779126740630102, 0.6032218525388546],
    [10, 10, 0.7224672001371109, 1],
    [87, 237, 0.3082966063838365, 0.4301205236714031],
    [1, 1, 0.20654931437723745, 1],
    [250, 1488, 0.14987432248678828, 0.187856912854387],
  ])("of %d in %d equals SciPy's", (passed, count, low, high) => {
    const interval = wilsonInterval(passed / count, count);
    expect(interval?.low).toBeCloseTo(low, 13);
    expect(interval?.high).toBeCloseTo(high, 13);
  });

  it('is undefined for no results', () => {
    expect(wilsonInterval(0, 0)).toBeUndefined();
  });
});

describe('the sign test', () => {
  it.each([
    [0, 0, 1],
    [5, 0, 0.0625],
    [3, 1, 0.625],
    [10, 4, 0.1795654296875],
    [7, 7, 1],
    [60, 35, 0.013378703026003939],
    [900, 800, 0.016320682494448686],
  ])("of %d better and %d worse equals SciPy's binomtest", (better, worse, p) => {
    expect(signTest(better, worse)).toBeCloseTo(p, 10);
    expect(signTest(worse, better)).toBeCloseTo(p, 10);
  });
});

describe('percentiles', () => {
  const data = [3.5, 1, 9, 4, 4, 2.25, 8, 100];

  it.each([
    [0, 1],
    [0.1, 1.875],
    [0.25, 3.1875],
    [0.5, 4],
    [0.9, 36.3],
    [0.95, 68.15],
    [0.99, 93.63],
    [1, 100],
  ])("at %d equal NumPy's", (share, value) => {
    expect(quantile(data, share)).toBeCloseTo(value, 12);
  });

  it('leave the data as they were', () => {
    const given = [3, 1, 2];
    quantile(given, 0.5);
    expect(given).toEqual([3, 1, 2]);
  });

  it('count what is unknown, and say nothing of nothing', () => {
    expect(distribution([undefined, 2, 4])).toMatchObject({
      known: 2,
      unknown: 1,
      total: 6,
      mean: 3,
      p50: 3,
    });
    expect(distribution([undefined])).toEqual({ known: 0, unknown: 1 });
  });
});

describe('the bootstrap', () => {
  const prices = [50, 250, 250, 500, 1000, 1000, 4000, 500, 250, 125];
  const won = [1, 0, 1, 1, 0, 1, 0, 1, 0, 1];
  const units = prices.map((whole, index) => ({ part: whole * (won[index] ?? 0), whole }));

  it("agrees with NumPy's on a ratio of dollars", () => {
    const estimate = bootstrapRatio(units, { seed: 3, resamples: 20_000 });
    // 400,000 resamples of NumPy's default_rng(1): 0.0667, 0.9083, deviation 0.2312.
    expect(estimate?.interval.low).toBeCloseTo(0.0667, 2);
    expect(estimate?.interval.high).toBeCloseTo(0.9083, 2);
    expect(estimate?.standardError).toBeCloseTo(0.2312, 2);
  });

  it('gives the same figures for the same seed, and others for another', () => {
    const [first, again, other] = [7, 7, 8].map((seed) => bootstrapRatio(units, { seed }));
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('gives the same figures in whatever order the units come', () => {
    expect(bootstrapRatio(units.toReversed(), { seed: 7 })).toEqual(bootstrapRatio(units, { seed: 7 }));
  });

  it('knows nothing from a single unit or from wholes of 0', () => {
    expect(bootstrapRatio([{ part: 1, whole: 2 }])).toBeUndefined();
    expect(
      bootstrapRatio([
        { part: 0, whole: 0 },
        { part: 0, whole: 0 },
      ]),
    ).toBeUndefined();
  });

  it.each([{ seed: -1 }, { seed: 0.5 }, { resamples: 1 }, { resamples: 2.5 }])('refuses %o', (options) => {
    expect(() => bootstrapRatio(units, options)).toThrow(ConfigurationError);
  });
});

function choose<T>(items: readonly T[], k: number): T[][] {
  if (k === 0) return [[]];
  return items.flatMap((item, index) => choose(items.slice(index + 1), k - 1).map((rest) => [item, ...rest]));
}
