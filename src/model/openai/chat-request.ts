import type {
  ChatCompletionContentPart,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions';
import { contentParts } from '../message-content.js';
import type { ContentPart, ImagePart, ModelMessage, ModelRequest } from '../model-client.js';
import { isRecord } from '../json-path.js';
import { replayedToolInput } from '../tool-input.js';
import type { OpenAiSettings } from './openai-settings.js';

/** The body of a chat completion, without `stream`. */
export function chatRequest(settings: OpenAiSettings, request: ModelRequest) {
  return {
    model: settings.model,
    messages: chatMessages(request.messages),
    ...(request.tools === undefined || request.tools.length === 0
      ? {}
      : {
          tools: request.tools.map(({ name, description, inputSchema }) => ({
            type: 'function' as const,
            function: { name, description, parameters: { ...inputSchema } },
          })),
          ...(request.toolChoice === undefined ? {} : { tool_choice: request.toolChoice }),
        }),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...outputLimit(settings, request.maxOutputTokens),
    // Newer models know efforts that the package's types do not.
    ...(request.reasoningEffort === undefined ? {} : { reasoning_effort: request.reasoningEffort as 'low' }),
    ...(request.stop === undefined ? {} : { stop: [...request.stop] }),
    ...settings.extraBody,
  };
}

/** OpenAI's reasoning models refuse `max_tokens`; many compatible servers know nothing else. */
function outputLimit({ client }: OpenAiSettings, limit: number | undefined) {
  if (limit === undefined) return {};
  const isOpenAi = /(?:^|\.)(?:openai|azure)\.com$/.test(new URL(client.baseURL).hostname);
  return isOpenAi ? { max_completion_tokens: limit } : { max_tokens: limit };
}

export function chatMessages(messages: readonly ModelMessage[]): ChatCompletionMessageParam[] {
  const result: ChatCompletionMessageParam[] = [];
  let toolImages: ImagePart[] = [];
  // Tool messages take no images: they follow as a user message, after the last answer of the round.
  const flush = () => {
    if (toolImages.length > 0) {
      result.push({
        role: 'user',
        content: [{ type: 'text', text: 'Images of the tool results above:' }, ...toolImages.map(chatPart)],
      });
    }
    toolImages = [];
  };
  for (const message of messages) {
    if (message.role !== 'tool') flush();
    else toolImages.push(...contentParts(message.content).filter((part) => part.type === 'image'));
    result.push(chatMessage(message));
  }
  flush();
  return result;
}

function chatMessage(message: ModelMessage): ChatCompletionMessageParam {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.content };
    case 'user':
      return {
        role: 'user',
        content: typeof message.content === 'string' ? message.content : message.content.map(chatPart),
      };
    case 'tool':
      return { role: 'tool', tool_call_id: message.callId, content: toolText(message.content) };
    case 'assistant': {
      const calls = message.toolCalls ?? [];
      const native = message.native?.api === 'openai-chat' ? message.native.content : undefined;
      return {
        role: 'assistant',
        content: message.content === '' && calls.length > 0 ? null : message.content,
        ...(calls.length === 0
          ? {}
          : {
              tool_calls: calls.map((call) => ({
                type: 'function' as const,
                id: call.id,
                function: { name: call.name, arguments: JSON.stringify(replayedToolInput(call.input)) },
              })),
            }),
        ...(isRecord(native) ? native : {}),
      };
    }
  }
}

function toolText(content: string | readonly ContentPart[]): string {
  return contentParts(content)
    .map((part) => (part.type === 'text' ? part.text : '[image below]'))
    .join('\n');
}

function chatPart(part: ContentPart): ChatCompletionContentPart {
  if (part.type === 'text') return { type: 'text', text: part.text };
  return { type: 'image_url', image_url: { url: `data:${part.mediaType};base64,${part.data}` } };
}
