export { accuracy, accuracyOverAll, type Counts, counts } from './accuracy.js';
export {
  groupedBy,
  priceBand,
  type Summary,
  summary,
  summaryByPriceBand,
  summaryByVariant,
} from './breakdown.js';
export type { Metric } from './metric.js';
export { available, earned, earnRate } from './money.js';
export {
  type Distribution,
  type EpochFigures,
  type FlakeReport,
  type Headline,
  type Interval,
  type ManagerBaselines,
  type RunSummary,
  runSummarySchema,
  type Spending,
} from './run-summary-schema.js';
