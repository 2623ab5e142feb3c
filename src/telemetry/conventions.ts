/**
 * Names of OpenTelemetry's GenAI conventions, which are in development in a repository of their own
 * (open-telemetry/semantic-conventions-genai), and ours beside them. No package has them in a form that is not deprecated.
 */
export const genAi = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  agentName: 'gen_ai.agent.name',
  responseId: 'gen_ai.response.id',
  responseModel: 'gen_ai.response.model',
  finishReasons: 'gen_ai.response.finish_reasons',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheReadTokens: 'gen_ai.usage.cache_read.input_tokens',
  cacheWriteTokens: 'gen_ai.usage.cache_creation.input_tokens',
  reasoningTokens: 'gen_ai.usage.reasoning.output_tokens',
  tokenType: 'gen_ai.token.type',
  toolName: 'gen_ai.tool.name',
  toolType: 'gen_ai.tool.type',
  toolCallId: 'gen_ai.tool.call.id',
  toolArguments: 'gen_ai.tool.call.arguments',
  toolResult: 'gen_ai.tool.call.result',
  outputMessages: 'gen_ai.output.messages',
  conversation: 'gen_ai.conversation.id',
  evaluationName: 'gen_ai.evaluation.name',
  evaluationScore: 'gen_ai.evaluation.score.value',
  evaluationLabel: 'gen_ai.evaluation.score.label',
  evaluationExplanation: 'gen_ai.evaluation.explanation',
} as const;

/** The name of the event that tells a score. */
export const evaluationResult = 'gen_ai.evaluation.result';

/** OpenTelemetry's own, stable. */
export const errorType = 'error.type';

export const swelancer = {
  run: 'swelancer.run.id',
  task: 'swelancer.task.id',
  epoch: 'swelancer.epoch',
  attempt: 'swelancer.attempt',
  phase: 'swelancer.phase',
  computer: 'swelancer.computer.id',
  variant: 'swelancer.task.variant',
  status: 'swelancer.task.status',
  outcome: 'swelancer.task.outcome',
  /** Set on spans that were still open when nobody was told of their end. */
  unfinished: 'swelancer.unfinished',
} as const;

/** The conventions' name for a provider, as far as a model's name tells. */
export function providerOfModel(model: string): string {
  const name = model.toLowerCase();
  return providers.find(([pattern]) => pattern.test(name))?.[1] ?? 'unknown';
}

const providers: readonly (readonly [RegExp, string])[] = [
  [/(^|[/.])(gpt-|chatgpt|o\d|codex)/, 'openai'],
  [/claude/, 'anthropic'],
  [/gemini/, 'gcp.gemini'],
  [/deepseek/, 'deepseek'],
  [/mistral|codestral|devstral/, 'mistral_ai'],
  [/grok/, 'x_ai'],
  [/kimi|moonshot/, 'moonshot_ai'],
];
