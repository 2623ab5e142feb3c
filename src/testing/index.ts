export { scriptedAgent, type ScriptedAgentOptions } from '../agent/scripted-agent.js';
export type { RecordedAnswer, RecordedExchange, RecordedRequest } from '../model/recorded-exchange.js';
export { recordingFetch, type RecordingOptions } from '../model/recording.js';
export { replayingFetch, type ReplayOptions } from '../model/replaying-fetch.js';
export {
  type Script,
  type ScriptedAnswer,
  type ScriptedModel,
  scriptedModel,
  type ScriptedToolCall,
  type ScriptedTurn,
} from '../model/scripted-model.js';
export { ConformanceFailure } from './conformance/assertions.js';
export type {
  ConformanceCapabilities,
  ConformanceCase,
  ConformanceFamily,
  ConformanceLevel,
  ConformanceOutcome,
  ConformanceRequirement,
  ConformanceRunContext,
} from './conformance/conformance-case.js';
export { type ConformanceCases, conformanceCases } from './conformance/conformance-cases.js';
export type {
  ConformanceFaults,
  ConformanceHarness,
  ConformanceNetwork,
  ConformanceOptions,
  CreateComputer,
} from './conformance/conformance-options.js';
export {
  type ConformanceCaseResult,
  type ConformanceReport,
  conformanceReportSchema,
} from './conformance/conformance-report.js';
export { formatConformanceReport } from './conformance/format-conformance-report.js';
export { runConformance, type RunConformanceOptions } from './conformance/run-conformance.js';
export { unmatchedStarts } from './conformance/unmatched-starts.js';
export {
  type FakeAnswer,
  type FakeCommand,
  type FakeComputer,
  fakeComputer,
  type FakeComputerOptions,
} from './fake-computer.js';
