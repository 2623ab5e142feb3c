import { describe, expect, it } from 'vitest';
import {
  accuracy,
  accuracyOverAll,
  counts,
  earned,
  earnRate,
  priceBand,
  summaryByVariant,
  type TaskResult,
} from '../../../src/index.js';

const common = {
  schema: 1,
  runId: 'r',
  title: 't',
  agent: 'a',
  scorer: 's',
  epoch: 1,
  attempt: 1,
  grading: 'fresh',
  startedAt: '2026-01-01T00:00:00.000Z',
  durationMs: 1,
  phases: {},
  usage: {},
} as const;

const scored = (
  taskId: string,
  available: number,
  passed: boolean,
  variant: TaskResult['variant'] = 'ic_swe',
): TaskResult => ({
  ...common,
  warnings: [],
  taskId,
  variant,
  available,
  earned: passed ? available : 0,
  status: 'scored',
  outcome: passed ? 'passed' : 'tests_failed',
  passed,
  score: passed ? 1 : 0,
  explanation: '',
  tries: [],
});
const failed = (taskId: string, available: number): TaskResult => ({
  ...common,
  warnings: [],
  taskId,
  variant: 'ic_swe',
  available,
  earned: 0,
  status: 'error',
  error: { name: 'E', code: 'computer_lost', message: '', retryable: true },
});

describe('metrics', () => {
  const results = [
    scored('1', 50, true),
    scored('2', 1000, false),
    scored('3', 250, true, 'swe_manager'),
    failed('4', 700),
  ];

  it('leave infrastructure faults out of accuracy, and count them when asked', () => {
    expect(counts.compute(results)).toEqual({
      attempts: 4,
      correct: 2,
      incorrect: 1,
      errors: 1,
      cancelled: 0,
    });
    expect(accuracy.compute(results)).toBe(2 / 3);
    expect(accuracyOverAll.compute(results)).toBe(0.5);
  });

  it('sum dollars to the cent', () => {
    expect(earned.compute([scored('1', 0.1, true), scored('2', 0.2, true)])).toBe(0.3);
    expect(earnRate.compute(results)).toBe(300 / 2000);
  });

  it('are undefined, not zero, where there is nothing to divide by', () => {
    expect(accuracy.compute([])).toBeUndefined();
    expect(earnRate.compute([])).toBeUndefined();
  });

  it('can be had for each variant', () => {
    const byVariant = summaryByVariant.compute(results);
    expect(byVariant['swe_manager']).toMatchObject({ correct: 1, earned: 250, available: 250 });
    expect(byVariant['ic_swe']).toMatchObject({
      correct: 1,
      incorrect: 1,
      errors: 1,
      earned: 50,
      available: 1750,
    });
  });

  it.each([
    [50, '$0-$299'],
    [300, '$300-$999'],
    [1000, '$1000-$3999'],
    [32000, '$10000+'],
  ])('put $%d into the band %s', (price, band) => {
    expect(priceBand(price)).toBe(band);
  });
});
