import { describe, expect, it } from 'vitest';
import { compareRuns } from '../../../src/index.js';
import { epochs, failed, scored } from '../../fixtures/results.js';

const outcomes = (bits: string) =>
  Array.from(bits, (bit, index) => scored(`${100 + index}`, bit === '1', { available: 100 * (index + 1) }));

describe('the comparison of two runs', () => {
  const first = outcomes('1100011100');
  const second = outcomes('1011011110');
  const comparison = compareRuns(first, second, { seed: 1 });

  it('names the tasks that flipped and says how likely that many are by chance', () => {
    expect(comparison.gained).toEqual(['102', '103', '108']);
    expect(comparison.lost).toEqual(['101']);
    // Three of four flips one way or the other: 2 * (C(4,0) + C(4,1)) / 2^4.
    expect(comparison.pValue).toBeCloseTo(0.625, 12);
  });

  it('gives the difference with the error of pairs', () => {
    expect(comparison.tasks).toBe(10);
    expect(comparison.accuracy).toMatchObject({ first: 0.5, second: 0.7 });
    expect(comparison.accuracy.difference).toBeCloseTo(0.2, 12);
    // Differences +1 +1 +1 -1 and six 0, mean 0.2: squares 3 * 0.64 + 1.44 + 6 * 0.04 = 3.6; sqrt(3.6 / 9 / 10).
    expect(comparison.accuracy.standardError).toBeCloseTo(0.2, 12);
    expect(comparison.accuracy.interval?.low).toBeLessThan(0);
    expect(comparison.accuracy.interval?.high).toBeGreaterThan(0.2);
    // +300 +400 +900 -200 dollars over ten tasks.
    expect(comparison.earned.difference).toBe(140);
  });

  it('is the same again with the same seed, and turns its sign with the runs', () => {
    expect(compareRuns(first, second, { seed: 1 })).toEqual(comparison);
    const turned = compareRuns(second, first, { seed: 1 });
    expect(turned.accuracy.difference).toBeCloseTo(-0.2, 12);
    expect(turned.gained).toEqual(comparison.lost);
  });

  it('finds no difference between a run and itself', () => {
    expect(compareRuns(first, first)).toMatchObject({
      // No spread was seen: how far the difference may be off, nobody knows.
      accuracy: { difference: 0, standardError: 0, interval: undefined },
      earned: { difference: 0, interval: undefined },
      gained: [],
      lost: [],
      pValue: 1,
    });
  });

  it('says which tasks had no pair, and leaves them out', () => {
    const { tasks, unpaired, accuracy } = compareRuns(
      [scored('1', true), scored('2', true), failed('3'), scored('4', true)],
      [scored('1', false), scored('3', true), failed('4'), scored('5', true)],
    );
    expect(tasks).toBe(1);
    expect(unpaired).toEqual({ onlyInFirst: ['2'], onlyInSecond: ['5'], notScored: ['3', '4'] });
    expect(accuracy).toMatchObject({
      first: 1,
      second: 0,
      difference: -1,
      standardError: undefined,
      interval: undefined,
    });
  });

  it('takes the mean over the epochs that were scored', () => {
    const { accuracy, gained } = compareRuns(
      [...epochs('1', '10'), ...epochs('2', '00')],
      [...epochs('1', '1e'), ...epochs('2', '00')],
    );
    expect(accuracy).toMatchObject({ first: 0.25, second: 0.5, difference: 0.25 });
    expect(gained).toEqual(['1']);
  });

  it('takes tasks of an issue for one observation unless told', () => {
    const before = ['1_1', '1_2', '2_1', '2_2'].map((id) => scored(id, false));
    const after = ['1_1', '1_2', '2_1', '2_2'].map((id) => scored(id, id.startsWith('1')));
    // Deviations of issue 1: 0.5 + 0.5, of issue 2: -1; sqrt(2 / 1 * 2) / 4. By task: sqrt(4 * 0.25 / 3 / 4).
    expect(compareRuns(before, after).accuracy.standardError).toBeCloseTo(0.5, 12);
    expect(compareRuns(before, after, { cluster: 'task' }).accuracy.standardError).toBeCloseTo(
      Math.sqrt(1 / 12),
      12,
    );
  });
});
