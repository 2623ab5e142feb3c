export type {
  Agent,
  AgentContext,
  AgentFunction,
  AgentLimitName,
  AgentLimits,
  AgentOutcome,
} from './agent.js';
export type { AgentUsage } from './agent-usage.js';
export { answerProblem } from './answer-problem.js';
export { cliAgent } from './cli/cli-agent.js';
export type { CliAgentOptions } from './cli/cli-agent-options.js';
export { codeBlockAgent, type CodeBlockAgentOptions } from './code-block/code-block-agent.js';
export { AgentProgramError } from './errors.js';
export { type ProgramEnd, type ProgramOptions, runProgram } from './execution/run-program.js';
export { programReport } from './execution/program-report.js';
export { goldAgent } from './gold-agent.js';
export { noopAgent } from './noop-agent.js';
export { type ScriptedAgentOptions, scriptedAgent } from './scripted-agent.js';
export type { ModelAgentOptions } from './session/run-session.js';
export { editTool } from './tool/edit-tool.js';
export { type AgentMiddleware, approveTools, type ToolInvocation } from './tool/middleware.js';
export { bashTool, pythonTool } from './tool/program-tools.js';
export { submitTool } from './tool/submit-tool.js';
export {
  defineTool,
  type Tool,
  type ToolContext,
  type ToolDefinition,
  type ToolOutput,
  type ToolResult,
} from './tool/tool.js';
export { toolAgent, type ToolAgentOptions } from './tool/tool-agent.js';
export type { BuiltInTool } from './tool/tool-set.js';
export { userToolTool } from './tool/user-tool-tool.js';
export type {
  AtifAgent,
  AtifContent,
  AtifFinalMetrics,
  AtifMetrics,
  AtifPart,
  AtifResult,
  AtifStep,
  AtifToolCall,
  AtifTrajectory,
} from './transcript/atif.js';
export { type AtifOptions, atifTrajectory } from './transcript/atif-trajectory.js';
export { type MemoryTranscript, memoryTranscript } from './transcript/memory-transcript.js';
export { redactedTranscript } from './transcript/redacted-transcript.js';
export type {
  Transcript,
  TranscriptCall,
  TranscriptEnd,
  TranscriptEntry,
  TranscriptMessage,
  TranscriptStart,
} from './transcript/transcript-entry.js';
export {
  assembleTranscript,
  parseTranscript,
  readTranscript,
  transcriptFile,
} from './transcript/transcript-file.js';
export { transcriptMarkdown } from './transcript/transcript-markdown.js';
export type { TranscriptSink } from './transcript/transcript-sink.js';
