import type { ResponseInputContent, ResponseInputItem } from 'openai/resources/responses/responses';
import { ConfigurationError } from '../../errors.js';
import { isRecord } from '../json-path.js';
import { contentParts } from '../message-content.js';
import type { ContentPart, ModelMessage, ModelRequest } from '../model-client.js';
import { replayedToolInput } from '../tool-input.js';
import type { OpenAiSettings } from './openai-settings.js';

/** The body of a call of `/responses`, without `stream`. @throws ConfigurationError for stop sequences, which it has none of. */
export function responsesRequest(settings: OpenAiSettings, request: ModelRequest) {
  if (request.stop !== undefined && request.stop.length > 0) {
    throw new ConfigurationError(
      "The responses API knows no stop sequences. Use api: 'chat', or leave stop out.",
    );
  }
  return {
    model: settings.model,
    input: request.messages.flatMap(inputItems),
    store: false,
    include: ['reasoning.encrypted_content' as const],
    ...(request.tools === undefined || request.tools.length === 0
      ? {}
      : {
          tools: request.tools.map(({ name, description, inputSchema }) => ({
            type: 'function' as const,
            name,
            description,
            parameters: { ...inputSchema },
            // Strict mode refuses schemas with optional fields.
            strict: false,
          })),
          ...(request.toolChoice === undefined ? {} : { tool_choice: request.toolChoice }),
        }),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.maxOutputTokens === undefined ? {} : { max_output_tokens: request.maxOutputTokens }),
    // Newer models know efforts that the package's types do not.
    ...(request.reasoningEffort === undefined
      ? {}
      : { reasoning: { effort: request.reasoningEffort as 'low' } }),
    ...settings.extraBody,
  };
}

function inputItems(message: ModelMessage): ResponseInputItem[] {
  switch (message.role) {
    case 'system':
      return [{ role: 'system', content: message.content }];
    case 'user':
      return [{ role: 'user', content: contentParts(message.content).map(inputPart) }];
    case 'tool':
      return [{ type: 'function_call_output', call_id: message.callId, output: toolOutput(message.content) }];
    case 'assistant': {
      const native = message.native?.api === 'openai-responses' ? message.native.content : undefined;
      if (Array.isArray(native)) {
        // The items are the provider's own and go back as they came.
        return native.filter(isRecord) as unknown as ResponseInputItem[];
      }
      return [
        ...(message.content === '' ? [] : [{ role: 'assistant' as const, content: message.content }]),
        ...(message.toolCalls ?? []).map((call) => ({
          type: 'function_call' as const,
          call_id: call.id,
          name: call.name,
          arguments: JSON.stringify(replayedToolInput(call.input)),
        })),
      ];
    }
  }
}

function toolOutput(content: string | readonly ContentPart[]) {
  return typeof content === 'string' ? content : content.map(inputPart);
}

function inputPart(part: ContentPart): Extract<ResponseInputContent, { type: 'input_text' | 'input_image' }> {
  if (part.type === 'text') return { type: 'input_text', text: part.text };
  return { type: 'input_image', image_url: `data:${part.mediaType};base64,${part.data}`, detail: 'auto' };
}
