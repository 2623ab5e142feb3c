export {
  accuracy,
  accuracyError,
  accuracyInterval,
  accuracyOverAll,
  type Cluster,
  type Counts,
  counts,
} from './accuracy.js';
export {
  compareRuns,
  type CompareRunsOptions,
  type PairedDifference,
  type RunComparison,
} from './compare-runs.js';
export { costSummary } from './cost-summary.js';
export { distribution } from './distribution.js';
export { flakes } from './flakes.js';
export { groupedBy } from './grouped-by.js';
export { headline, headlineByPriceBand, headlineByVariant } from './headline.js';
export { issueOf } from './issue-of.js';
export { managerBaselines } from './manager-baselines.js';
export type { Metric } from './metric.js';
export { available, earned, earnRate, earnRateInterval } from './money.js';
export { epochFigures, passAtEveryK, passAtK, passHatK } from './pass-at-k.js';
export { priceBand } from './price-band.js';
export { runSummary, type RunSummaryOptions, type SampleName } from './run-summary.js';
export {
  type CostSummary,
  type Distribution,
  type EpochFigures,
  type FlakeReport,
  type Headline,
  type Interval,
  type ManagerBaselines,
  type RunSummary,
  runSummarySchema,
} from './run-summary-schema.js';
export {
  type BootstrapEstimate,
  type BootstrapOptions,
  bootstrapRatio,
  type RatioPart,
} from './statistics/bootstrap.js';
export { quantile } from './statistics/quantile.js';
export { signTest } from './statistics/sign-test.js';
export { standardError } from './statistics/standard-error.js';
export { wilsonInterval } from './statistics/wilson-interval.js';
