export type { InvalidatedSample } from './invalidation.js';
export { inspectLogName } from './log-header.js';
export { type InspectLogOptions, type WrittenInspectLog, writeInspectLog } from './write-inspect-log.js';
