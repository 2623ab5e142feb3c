import { describe, expect, it } from 'vitest';
import {
  accuracy,
  accuracyError,
  accuracyInterval,
  accuracyOverAll,
  counts,
  earned,
  earnRate,
  earnRateInterval,
  headline,
  headlineByPriceBand,
  headlineByVariant,
  issueOf,
  priceBand,
} from '../../../src/index.js';
import { cancelled, epochs, failed, scored } from '../../fixtures/results.js';

const results = [
  scored('1', true, { available: 50 }),
  scored('2', false, { available: 1000 }),
  scored('3', true, { available: 250, variant: 'swe_manager' }),
  failed('4', { available: 700 }),
];

describe('accuracy and money', () => {
  it('leave infrastructure faults out of accuracy, and count them when asked', () => {
    expect(counts.compute([...results, cancelled('5')])).toEqual({
      samples: 5,
      correct: 2,
      incorrect: 1,
      errors: 1,
      cancelled: 1,
    });
    expect(accuracy.compute(results)).toBe(2 / 3);
    expect(accuracyOverAll.compute(results)).toBe(0.5);
  });

  it('sum dollars to the cent', () => {
    expect(
      earned.compute([scored('1', true, { available: 0.1 }), scored('2', true, { available: 0.2 })]),
    ).toBe(0.3);
    expect(earnRate.compute(results)).toBe(300 / 2000);
    expect(headline().compute(results)).toMatchObject({
      earned: 300,
      available: 2000,
      availableScored: 1300,
      earnRateOverScored: 300 / 1300,
    });
  });

  it('are undefined, not zero, where there is nothing to divide by', () => {
    expect(headline().compute([])).toMatchObject({
      samples: 0,
      accuracy: undefined,
      accuracyOverAll: undefined,
      earnRate: undefined,
      earnRateOverScored: undefined,
      standardError: undefined,
      accuracyInterval: undefined,
    });
    expect(earnRateInterval().compute([])).toBeUndefined();
  });

  it('can be had for each variant, and for each price band from the cheapest on', () => {
    const byVariant = headlineByVariant().compute(results);
    expect(byVariant['swe_manager']).toMatchObject({ correct: 1, earned: 250, available: 250 });
    expect(byVariant['ic_swe']).toMatchObject({ correct: 1, incorrect: 1, errors: 1, earned: 50 });
    const byBand = headlineByPriceBand().compute(results.toReversed());
    expect(Object.keys(byBand)).toEqual(['$0-$299', '$300-$999', '$1000-$3999']);
    expect(byBand['$0-$299']).toMatchObject({ tasks: 2, earned: 300 });
  });

  it.each([
    [50, '$0-$299'],
    [299.5, '$0-$299'],
    [300, '$300-$999'],
    [1000, '$1000-$3999'],
    [32000, '$10000+'],
  ])('put $%d into the band %s', (price, band) => {
    expect(priceBand(price)).toBe(band);
  });
});

describe('the error of the accuracy', () => {
  it.each([
    ['15193-manager-0', '15193'],
    ['16912_4', '16912'],
    ['6883', '6883'],
    ['custom-task_1', 'custom-task_1'],
  ])('takes %s for a task of issue %s', (taskId, issue) => {
    expect(issueOf(taskId)).toBe(issue);
  });

  it('takes the epochs of a task for one observation', () => {
    // Task means 1, 0.5, 0 and 0.5: their sample deviation is sqrt(0.5 / 3), over sqrt(4) tasks.
    const run = [...epochs('1', '11'), ...epochs('2', '10'), ...epochs('3', '00'), ...epochs('4', '01')];
    expect(accuracyError().compute(run)).toBeCloseTo(Math.sqrt(0.5 / 3) / 2, 12);
    // Eight results as if they were independent: p = 0.5, sqrt(0.25 * 8 / 7) / sqrt(8).
    expect(accuracyError({ cluster: 'sample' }).compute(run)).toBeCloseTo(Math.sqrt(0.25 / 7), 12);
  });

  it('takes the tasks of an issue for one observation', () => {
    // Deviations from 0.5: issue 1 +0.5 +0.5, issue 2 -0.5 -0.5: sqrt(2 / 1 * (1 + 1)) / 4.
    const run = [scored('1', true), scored('1-manager-0', true), scored('2_1', false), scored('2_2', false)];
    expect(accuracyError({ cluster: 'issue' }).compute(run)).toBeCloseTo(0.5, 12);
    expect(accuracyError().compute(run)).toBeCloseTo(Math.sqrt(0.25 / 3), 12);
  });

  it('is an interval by Wilson where every issue has one sample', () => {
    const run = Array.from({ length: 10 }, (_, index) => scored(`${index}`, index < 3));
    // scipy.stats.binomtest(3, 10).proportion_ci(0.95, 'wilson'), SciPy 1.17.1
    const interval = accuracyInterval().compute([...run, failed('lost')]);
    expect(interval?.method).toBe('wilson');
    expect(interval?.low).toBeCloseTo(0.10779126740630102, 12);
    expect(interval?.high).toBeCloseTo(0.6032218525388546, 12);
  });

  it('is a wider interval, by bootstrap, where epochs agree with each other', () => {
    const once = Array.from({ length: 12 }, (_, index) => scored(`${index}`, index < 4));
    const run = once.flatMap(({ taskId, passed }) => epochs(taskId, passed ? '111' : '000'));
    const interval = accuracyInterval({ seed: 1 }).compute(run);
    // Twelve observations, not 36: of binomial(12, 1/3), 0.8 % are below 1 and 5.4 % below 2, 1.9 % are above 7 and
    // 6.6 % above 6.
    expect(interval).toEqual({ low: 1 / 12, high: 7 / 12, method: 'bootstrap' });
    expect(accuracyError().compute(run)).toBeCloseTo(accuracyError().compute(once) ?? 0, 12);
  });

  it('keeps its width where all samples ended alike', () => {
    const run = ['1', '2', '3'].flatMap((id) => epochs(id, '00'));
    const interval = accuracyInterval().compute(run);
    expect(interval).toMatchObject({ low: 0, method: 'wilson' });
    // Wilson for 0 of 3: z² / (3 + z²).
    expect(interval?.high).toBeCloseTo(3.841458820694124 / 6.841458820694124, 12);
  });

  it('resamples dollars by issue as well', () => {
    // Of two issues, one all paid and one not, a resample holds 0, 1 or 2 of the paid one: the rate is 0, 0.5 or 1.
    // Four tasks on their own would give 0 once in 256 resamples: a lower end of 0.25.
    const run = ['1_1', '1_2', '1_3', '2_1'].map((id) => scored(id, !id.startsWith('2')));
    expect(earnRateInterval({ seed: 1 }).compute(run)).toMatchObject({ low: 0, high: 1 });
  });

  it('keeps the width of the earn rate where all issues came out alike, dear ones counting for more', () => {
    const none = [scored('1', false, { available: 300 }), scored('2', false, { available: 100 })];
    // 400² / (300² + 100²) = 1.6 issues; Wilson for 0 of them: z² / (1.6 + z²).
    const interval = earnRateInterval().compute(none);
    expect(interval).toMatchObject({ low: 0, method: 'wilson' });
    expect(interval?.high).toBeCloseTo(3.841458820694124 / 5.441458820694124, 12);
    const all = earnRateInterval().compute(
      none.map(({ taskId, available }) => scored(taskId, true, { available })),
    );
    expect(all).toMatchObject({ high: 1, method: 'wilson' });
    expect(all?.low).toBeCloseTo(1.6 / 5.441458820694124, 12);
    // One issue, and issues that each earned a third: Wilson for 1 of 1, and for a third of three.
    expect(earnRateInterval().compute([scored('1', true)])?.low).toBeCloseTo(1 / 4.841458820694124, 12);
    const thirds = ['1', '2', '3'].flatMap((id) => epochs(id, '100', { available: 0.1 }));
    const third = earnRateInterval().compute(thirds);
    expect(third?.method).toBe('wilson');
    // (1/3 + z²/6 ∓ z · √(2/27 + z²/36)) / (1 + z²/3), worked out apart.
    expect(third?.low).toBeCloseTo(0.06149194472039633, 6);
    expect(third?.high).toBeCloseTo(0.7923403991979523, 6);
    expect(earnRateInterval().compute([scored('1', false, { available: 0 })])).toBeUndefined();
  });
});
