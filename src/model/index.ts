export { apiKeyFromEnv } from './api-key.js';
export { builtInPrices } from './built-in-prices.js';
export type { Clock } from './clock.js';
export { trimContext, type TrimmedContext, type TrimOptions } from './context-trimming.js';
export {
  type FailedAttempt,
  isModelError,
  ModelError,
  type ModelErrorKind,
  type ModelErrorOptions,
} from './errors.js';
export { headAndTail } from '../head-and-tail.js';
export { contentParts, textOf } from './message-content.js';
export { type MeteredModel, type MeteredModelOptions, meteredModel } from './metered-model.js';
export type {
  AssistantMessage,
  ContentPart,
  ImagePart,
  ModelCallOptions,
  ModelClient,
  ModelMessage,
  ModelRequest,
  ModelResponse,
  ModelTool,
  NativeContent,
  StopReason,
  SystemMessage,
  TextPart,
  ToolCall,
  ToolInput,
  ToolMessage,
  UserMessage,
} from './model-client.js';
export { modelTool } from './model-tool.js';
export { type Prices, priceOf } from './prices.js';
export type { ModelPrice, PriceTable, TokenPrices } from './price-table.js';
export type { RecordedAnswer, RecordedExchange, RecordedRequest } from './recorded-exchange.js';
export { type RecordingOptions, recordingFetch } from './recording.js';
export { type ReplayOptions, replayingFetch } from './replaying-fetch.js';
export { type RetryOptions, withRetries } from './retrying-model.js';
export {
  type Script,
  type ScriptedAnswer,
  type ScriptedModel,
  type ScriptedToolCall,
  type ScriptedTurn,
  scriptedModel,
} from './scripted-model.js';
export { addUsage, type Spending, SpendingLedger } from './spending.js';
export { estimateTokens, type TokenEstimator, tokenEstimator } from './token-estimate.js';
export { parseToolInput } from './tool-input.js';
