import { describe, expect, it } from 'vitest';
import { markdownReport } from '../../../src/report/markdown.js';
import { epochs, failed, scored } from '../../fixtures/results.js';
import { reportData } from './report-data.js';

describe('the Markdown for a pull request', () => {
  it('leads with the money, the accuracy and how sure it is', () => {
    const text = markdownReport(reportData([...epochs('1', '1'), ...epochs('2', '0'), ...epochs('3', '0')]));
    expect(text).toContain('**Earned $500** of $1,500 (33.3%');
    expect(text).toMatch(
      /\*\*Accuracy 33\.3%\*\* \(95% interval \d[\d.]*–\d[\d.]*%\): 1 of 3 scored samples\./,
    );
  });

  it('has a row for each variant and each band of prices', () => {
    const text = markdownReport(
      reportData([
        scored('1', true),
        scored('2-manager-0', false, { variant: 'swe_manager', available: 4000 }),
      ]),
    );
    for (const row of ['| Engineer |', '| Manager |', '| $300–$999 |', '| $4,000–$9,999 |'])
      expect(text).toContain(row);
  });

  it('folds the samples that were not paid, dearest first', () => {
    const text = markdownReport(
      reportData([
        scored('cheap', false, { available: 50 }),
        scored('dear', false, { available: 8000 }),
        failed('lost'),
      ]),
    );
    expect(text).toContain('<details><summary>3 samples not passed</summary>');
    expect(text.indexOf('| dear |')).toBeLessThan(text.indexOf('| cheap |'));
    expect(text).toContain('| lost | $500 | Infrastructure error: computer_lost |');
  });

  it('compares with another run', () => {
    const base = [...epochs('1', '0'), ...epochs('2', '1'), ...epochs('3', '0')];
    const text = markdownReport(
      reportData([...epochs('1', '1'), ...epochs('2', '1'), ...epochs('3', '1')], { base }),
    );
    expect(text).toContain('**Against The base**');
    expect(text).toContain('| Accuracy | 33.3% | 100% | +66.7 points |');
    expect(text).toContain('Passed more often: `1`, `3`.');
  });

  it('lets no title start a tag, a link, a mention, a cell or a line', () => {
    const title = '<img src=x> [a](http://e.org) @someone | `code`\n# heading *b* __init__';
    const text = markdownReport(reportData([scored('1', false, { title })], { name: title }));
    for (const part of ['<img', '](', ' @someone', '`code`', '\n# ', '*b*', '__init__', 'http://'])
      expect(text).not.toContain(part);
    const cells = text.split('\n').find((line) => line.startsWith('| 1 |'));
    expect(cells?.split('|')).toHaveLength(6);
  });

  it('is no longer than a comment may be, and says what it left out', () => {
    const title = 'A title | with cells & more '.repeat(100);
    const ids = Array.from({ length: 300 }, (_, index) => `${index}_${'9'.repeat(120)}`);
    const records = ids.map((id) => scored(id, false, { title }));
    const base = ids.map((id) => scored(id, true, { title }));
    const full = reportData(records, { base, name: title });
    const labels = Object.fromEntries(ids.map((id) => [id, { ...full.summary.overall, tasks: 1 }] as const));
    const data = { ...full, summary: { ...full.summary, byLabel: { 'a | label': labels, other: {} } } };
    const text = markdownReport(data);
    expect(text.length).toBeLessThanOrEqual(65_536);
    expect(text).toContain('**Earned $0**');
    expect(text).toMatch(/Passed less often: `0_9+`, .*, and \d+ more\./);
    expect(text).toMatch(/\n\n\d+ more are in results\.csv\./);
    expect(text).toMatch(
      /Left out, since a comment holds 65,536 characters: .+\. All of it is in report\.html/,
    );
    expect(text.split('<details>')).toHaveLength(text.split('</details>').length);
    expect(text).toMatch(/<sub>Run `r`.*<\/sub>\n$/);
  });

  it('leaves nothing out where there is room', () => {
    const text = markdownReport(reportData([...epochs('1', '10'), ...epochs('2', '00')]));
    expect(text).not.toContain('Left out');
    expect(text).toContain('More figures');
  });

  it('says how many samples are missing', () => {
    const data = reportData(epochs('1', '1'));
    const unfinished = { ...data, description: { ...data.description, epochs: 4 } };
    expect(markdownReport(unfinished)).toContain('1 of 4 samples finished');
  });
});
