export { extractTree } from './archive/extract-tree.js';
export type { TreeLimits } from './archive/tree-limits.js';
export { packFile, type PackFileOptions } from './archive/pack-file.js';
export { packTree } from './archive/pack-tree.js';
export { localFileError } from './archive/local-file-error.js';
export { type ReadableSource, readUploadSource } from './archive/read-upload-source.js';
export { type CaptureOptions, captureWhole, OutputCapture } from './capture.js';
export { capturedText } from './captured-text.js';
export type { CompletedCommand } from './completed-command.js';
export { Computer, type FacadeOptions } from './computer.js';
export type * from './computer-interface.js';
export { type ComputerDefinition, defineComputer } from './define-computer.js';
export * from './errors.js';
export {
  type NetworkCheck,
  type NetworkPolicy,
  NetworkPolicyError,
  type NetworkReport,
} from './network-policy.js';
export type { NetworkOptions } from './computer-interface.js';
export { shellQuote } from './shell-quote.js';
export type { TreeSource } from './transfer-tree.js';
