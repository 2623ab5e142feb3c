import { describe, expect, it } from 'vitest';
import { ConfigurationError, epochFigures, passAtEveryK } from '../../../src/index.js';
import { epochs, scored } from '../../fixtures/results.js';

const run = [
  ...epochs('1', '010', { available: 100 }),
  ...epochs('2', '111', { available: 1000 }),
  ...epochs('3', '000', { available: 250 }),
  // Two scored epochs only: in the figures for k = 1 and 2, out of those for 3.
  ...epochs('4', 'e01', { available: 50 }),
];

describe('figures over epochs', () => {
  it('are means over tasks with enough scored epochs', () => {
    // pass@2 of 1, 3, 0 in 3 and 1 in 2: 1 - C(2,2)/C(3,2) = 2/3, 1, 0, 1.
    // pass^2: 0, 1, 0, 0. First two scored epochs: 01, 11, 00, 01 (100 + 1000 + 50 dollars).
    const figures = epochFigures(2).compute(run);
    expect(figures).toMatchObject({ k: 2, tasks: 4, tasksLeftOut: 0, anyOfK: 3 / 4, anyOfKEarned: 1150 });
    expect(figures.passAtK).toBeCloseTo((2 / 3 + 1 + 0 + 1) / 4, 12);
    expect(figures.passHatK).toBe(1 / 4);
  });

  it('count the tasks that infrastructure faults left with too few', () => {
    expect(epochFigures(3).compute(run)).toMatchObject({
      tasks: 3,
      tasksLeftOut: 1,
      passAtK: 2 / 3,
      passHatK: 1 / 3,
      anyOfK: 2 / 3,
    });
    expect(epochFigures(9).compute(run)).toEqual({
      k: 9,
      tasks: 0,
      tasksLeftOut: 4,
      passAtK: undefined,
      passHatK: undefined,
      anyOfK: undefined,
      anyOfKEarned: 0,
    });
  });

  it('take the first epochs by number, in whatever order results come', () => {
    expect(epochFigures(1).compute(run.toReversed()).anyOfK).toBe(1 / 4);
  });

  it('are there for each k of a run of several epochs', () => {
    expect(passAtEveryK.compute(run).map(({ k }) => k)).toEqual([1, 2, 3]);
    expect(passAtEveryK.compute([scored('1', true)])).toEqual([]);
  });

  it.each([0, 1.5, Number.NaN])('refuse a k of %d', (k) => {
    expect(() => epochFigures(k)).toThrow(ConfigurationError);
  });
});
