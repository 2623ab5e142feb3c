import type {
  ContentBlockParam,
  ImageBlockParam,
  MessageParam,
  TextBlockParam,
} from '@anthropic-ai/sdk/resources/messages';
import { contentParts } from '../message-content.js';
import type {
  AssistantMessage,
  ContentPart,
  ImagePart,
  ModelMessage,
  ModelRequest,
} from '../model-client.js';
import { replayedToolInput } from '../tool-input.js';
import type { AnthropicSettings } from './anthropic-settings.js';

const toolChoices = { auto: 'auto', required: 'any', none: 'none' } as const;

/** The body of a call of `/v1/messages`, without `stream`. */
export function messagesRequest(settings: AnthropicSettings, request: ModelRequest) {
  const system = request.messages.filter((message) => message.role === 'system');
  return {
    model: settings.model,
    max_tokens: request.maxOutputTokens ?? settings.maxOutputTokens,
    messages: anthropicMessages(request.messages),
    ...(settings.promptCaching ? { cache_control: { type: 'ephemeral' as const } } : {}),
    ...(system.length === 0 ? {} : { system: system.map(({ content }) => textBlock(content)) }),
    ...(request.tools === undefined || request.tools.length === 0
      ? {}
      : {
          tools: request.tools.map(({ name, description, inputSchema }) => ({
            name,
            description,
            input_schema: { ...inputSchema, type: 'object' as const },
          })),
          ...(request.toolChoice === undefined
            ? {}
            : { tool_choice: { type: toolChoices[request.toolChoice] } }),
        }),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.stop === undefined ? {} : { stop_sequences: [...request.stop] }),
    // Newer models know efforts that the package's types do not.
    ...(request.reasoningEffort === undefined
      ? {}
      : { output_config: { effort: request.reasoningEffort as 'low' } }),
    ...settings.extraBody,
  };
}

/** Neighbours of one role become one message: all results of a round have to stand in one. */
export function anthropicMessages(messages: readonly ModelMessage[]): MessageParam[] {
  const result: { role: 'user' | 'assistant'; content: ContentBlockParam[] }[] = [];
  for (const message of messages) {
    if (message.role === 'system') continue;
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const content = contentBlocks(message);
    if (content.length === 0) continue;
    const last = result.at(-1);
    if (last?.role === role) last.content.push(...content);
    else result.push({ role, content });
  }
  return result;
}

function contentBlocks(message: Exclude<ModelMessage, { role: 'system' }>): ContentBlockParam[] {
  switch (message.role) {
    case 'user':
      return partBlocks(message.content);
    case 'tool':
      return [
        {
          type: 'tool_result',
          tool_use_id: message.callId,
          content: partBlocks(message.content),
          ...(message.isError ? { is_error: true } : {}),
        },
      ];
    case 'assistant':
      return assistantBlocks(message);
  }
}

function assistantBlocks(message: AssistantMessage): ContentBlockParam[] {
  if (message.native?.api === 'anthropic' && Array.isArray(message.native.content)) {
    // The blocks are the provider's own and go back as they came, but it takes no empty text back.
    return (message.native.content as ContentBlockParam[]).filter(
      (block) => block.type !== 'text' || block.text.trim() !== '',
    );
  }
  return [
    ...(message.content.trim() === '' ? [] : [textBlock(message.content)]),
    ...(message.toolCalls ?? []).map((call) => ({
      type: 'tool_use' as const,
      id: call.id,
      name: call.name,
      input: replayedToolInput(call.input),
    })),
  ];
}

function partBlocks(content: string | readonly ContentPart[]): (TextBlockParam | ImageBlockParam)[] {
  return contentParts(content)
    .filter((part) => part.type === 'image' || part.text !== '')
    .map((part) => (part.type === 'text' ? textBlock(part.text) : imageBlock(part)));
}

function textBlock(text: string): TextBlockParam {
  return { type: 'text', text };
}

function imageBlock(part: ImagePart): ImageBlockParam {
  return {
    type: 'image',
    // The API takes four media types and says so itself about any other.
    source: { type: 'base64', media_type: part.mediaType as 'image/png', data: part.data },
  };
}
