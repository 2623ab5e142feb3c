import { describe, expect, it } from 'vitest';
import {
  bandLabel,
  bytes,
  dollars,
  duration,
  percent,
  percentInterval,
} from '../../../src/report/figures.js';

describe('figures', () => {
  it.each([
    [undefined, '–'],
    [0, '$0'],
    [32_000, '$32,000'],
    [0.5, '$0.50'],
    [1234.5, '$1,234.50'],
    [0.00187, '$0.0019'],
    [0.001, '$0.001'],
    [-12, '−$12'],
  ])('write %s dollars as %s', (value, text) => {
    expect(dollars(value)).toBe(text);
  });

  it.each([
    [undefined, '–'],
    [0.4, '0 ms'],
    [999, '999 ms'],
    [59_949, '59.9 s'],
    [59_951, '1 min 00 s'],
    [3_599_400, '59 min 59 s'],
    [3_599_600, '1 h 00 min'],
    [7_620_000, '2 h 07 min'],
  ])('write %s milliseconds as %s', (value, text) => {
    expect(duration(value)).toBe(text);
  });

  it('write shares, intervals, bands and sizes', () => {
    expect(percent(0.3333)).toBe('33.3%');
    expect(percent(1)).toBe('100%');
    expect(percentInterval({ low: 0.081, high: 0.179 })).toBe('8.1–17.9%');
    expect(bandLabel('$1000-$3999')).toBe('$1,000–$3,999');
    expect(bytes(512)).toBe('512 B');
    expect(bytes(3500)).toBe('3.4 KiB');
    expect(bytes(12 * 1024 ** 2)).toBe('12 MiB');
  });
});
