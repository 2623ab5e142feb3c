import { describe, expect, it } from 'vitest';
import type { ResultRecord } from '../../../src/index.js';
import { plotFile } from '../../../src/report/plots/plot.js';
import { runPlots } from '../../../src/report/plots/run-plots.js';
import { parseXml, type XmlDocument } from '../../fixtures/parse-xml.mjs';
import { epochs, failed, scored } from '../../fixtures/results.js';
import { reportData } from './report-data.js';

/** Throws where a file is not well-formed XML. */
function plotsOf(records: readonly ResultRecord[]): Map<string, XmlDocument> {
  return new Map(runPlots(reportData(records)).map((plot) => [plot.name, parseXml(plotFile(plot))]));
}

function textOf(document: XmlDocument | undefined, selector: string): string {
  return document?.querySelector(selector)?.textContent ?? '';
}

const run = [
  scored('1', true, { available: 250, usage: { costDollars: 0.5 } }),
  scored('2', false, { available: 1000, usage: { costDollars: 2 } }),
  scored('3-manager-0', true, { available: 500, variant: 'swe_manager' }),
  failed('4'),
];

describe('plots', () => {
  it('are four files of SVG', () => {
    expect([...plotsOf(run).keys()]).toEqual([
      'earnings-curve',
      'cost-against-earnings',
      'outcome-by-price-band',
      'outcome-by-variant',
    ]);
  });

  it('have a title and say in words what they show', () => {
    for (const [name, document] of plotsOf(run)) {
      expect(textOf(document, `#${name}-title`)).not.toBe('');
      expect(document.documentElement.getAttribute('aria-labelledby')).toBe(
        `${name}-title ${name}-description`,
      );
    }
    const plots = plotsOf(run);
    expect(textOf(plots.get('earnings-curve'), 'desc')).toBe(
      'After 4 samples $750 of $2,250 were earned, 33.3%.',
    );
    expect(textOf(plots.get('outcome-by-variant'), 'desc')).toContain('Manager: 1 of 1 sample passed');
    expect(textOf(plots.get('outcome-by-price-band'), 'desc')).toContain('1 infrastructure error');
  });

  it('follow the dark mode of whoever looks at them', () => {
    for (const document of plotsOf(run).values()) {
      expect(textOf(document, 'style')).toContain('prefers-color-scheme: dark');
    }
  });

  it('have a dot for each sample whose cost is known, and count the others', () => {
    const plot = plotsOf(run).get('cost-against-earnings');
    expect(plot?.querySelector('.dots.paid')?.getAttribute('d')?.match(/h0/g)).toHaveLength(1);
    expect(plot?.querySelector('.dots.unpaid')?.getAttribute('d')?.match(/h0/g)).toHaveLength(1);
    expect(textOf(plot, 'desc')).toContain('2 samples of no or unknown cost left out');
  });

  it('say so where no cost is known', () => {
    expect(textOf(plotsOf(epochs('1', '10')).get('cost-against-earnings'), 'desc')).toBe(
      'The cost of no sample is known.',
    );
  });

  it('are well-formed for a run without results, and with names from a stranger', () => {
    expect(plotsOf([]).size).toBe(4);
    expect(plotsOf([scored('<&"\u0000', true, { title: ']]><script>' })]).size).toBe(4);
  });

  it('never draw outside of the picture', () => {
    const many = Array.from({ length: 500 }, (_, index) =>
      scored(`${index}`, index % 3 === 0, {
        available: 50 * 10 ** (index % 4),
        usage: { costDollars: 10 ** ((index % 7) - 4) },
      }),
    );
    for (const document of plotsOf(many).values()) {
      const numbers = [...document.querySelectorAll('path')].flatMap((path) =>
        [...(path.getAttribute('d') ?? '').matchAll(/[MHV]([\d.-]+)(?: ([\d.-]+))?/g)].flatMap((match) => [
          match[1],
          match[2],
        ]),
      );
      for (const number of numbers.filter((text) => text !== undefined).map(Number)) {
        expect(number).toBeGreaterThanOrEqual(0);
        expect(number).toBeLessThanOrEqual(560);
      }
    }
  });
});
