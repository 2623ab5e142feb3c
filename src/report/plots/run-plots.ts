import type { ResultRecord } from '../../result/task-result.js';
import { attemptKeyText } from '../../store/sample-key.js';
import { bandLabel } from '../figures.js';
import { variantLabels } from '../outcome.js';
import type { ReportData } from '../report-data.js';
import { costAgainstEarnings } from './cost-against-earnings.js';
import { earningsCurve } from './earnings-curve.js';
import { outcomeBars } from './outcome-bars.js';
import type { Plot } from './plot.js';

/** The plots of a run, in the order in which they are shown. */
export function runPlots({ records, attempts, summary }: ReportData): readonly Plot[] {
  const places = new Map(attempts.map(({ result }, index) => [attemptKeyText(result), index]));
  const place = (record: ResultRecord) => places.get(attemptKeyText(record)) ?? attempts.length;
  const bands = Object.entries(summary.byPriceBand);
  const variants = Object.entries(summary.byVariant);
  const labels: Readonly<Record<string, string>> = variantLabels;
  return [
    earningsCurve(records.toSorted((a, b) => place(a) - place(b))),
    costAgainstEarnings(records),
    outcomeBars(
      'outcome-by-price-band',
      'Outcome by price',
      bands.map(([band, headline]) => ({ label: bandLabel(band), headline })),
    ),
    outcomeBars(
      'outcome-by-variant',
      'Outcome by kind of task',
      variants.map(([variant, headline]) => ({ label: labels[variant] ?? variant, headline })),
    ),
  ];
}
