export { ablationMarkdown } from './ablation-markdown.js';
export { type HtmlReportLimits } from './html/limits.js';
export { markdownReport } from './markdown.js';
export { readReportData, type ReportData, type ReportDataOptions } from './report-data.js';
export { resultsCsv } from './results-csv.js';
export { type ReportFiles, type ReportOptions, writeReport } from './write-report.js';
