import type OpenAI from 'openai';
import type { ModelRequest, ModelResponse } from '../model-client.js';
import type { ProviderCall } from '../provider-call.js';
import { streamedEvents, wholeBody } from '../response-shape.js';
import { requestIdOf } from '../request-id.js';
import { ChatAssembly } from './chat-assembly.js';
import { readChatCompletion } from './chat-completion.js';
import { chatRequest } from './chat-request.js';
import type { OpenAiSettings } from './openai-settings.js';

/** One call of `/chat/completions`. */
export async function completeChat(
  settings: OpenAiSettings,
  request: ModelRequest,
  call: ProviderCall,
  requestOptions: OpenAI.RequestOptions,
): Promise<ModelResponse> {
  const { completions } = settings.client.chat;
  const body = chatRequest(settings, request);
  if (!settings.stream) {
    const response = await completions.create(body, requestOptions).asResponse();
    call.requestId = requestIdOf(response);
    return readChatCompletion(await wholeBody(response, call), settings.model, call);
  }
  const { data, response } = await completions
    .create({ stream_options: { include_usage: true }, ...body, stream: true }, requestOptions)
    .withResponse();
  call.requestId = requestIdOf(response);
  const events = await streamedEvents(data, response, call);
  if (events.kind === 'whole') return readChatCompletion(events.body, settings.model, call);
  const assembly = new ChatAssembly(call);
  for await (const chunk of events.chunks) assembly.add(chunk);
  return readChatCompletion(assembly.completion(), settings.model, call);
}
