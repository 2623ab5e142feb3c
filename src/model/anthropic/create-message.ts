import type Anthropic from '@anthropic-ai/sdk';
import type { ModelRequest, ModelResponse } from '../model-client.js';
import type { ProviderCall } from '../provider-call.js';
import { requestIdOf } from '../request-id.js';
import { streamedEvents, wholeBody } from '../response-shape.js';
import type { AnthropicSettings } from './anthropic-settings.js';
import { MessageAssembly } from './message-assembly.js';
import { readMessage } from './message-body.js';
import { messagesRequest } from './messages-request.js';

/** One call of `/v1/messages`. */
export async function createMessage(
  settings: AnthropicSettings,
  request: ModelRequest,
  call: ProviderCall,
  requestOptions: Anthropic.RequestOptions,
): Promise<ModelResponse> {
  const { messages } = settings.client;
  const body = messagesRequest(settings, request);
  if (!settings.stream) {
    const response = await messages.create(body, requestOptions).asResponse();
    call.requestId = requestIdOf(response);
    return readMessage(await wholeBody(response, call), settings.model, call);
  }
  const { data, response } = await messages.create({ ...body, stream: true }, requestOptions).withResponse();
  call.requestId = requestIdOf(response);
  const events = await streamedEvents(data, response, call);
  if (events.kind === 'whole') return readMessage(events.body, settings.model, call);
  const assembly = new MessageAssembly(call);
  for await (const event of events.chunks) assembly.add(event);
  return readMessage(assembly.message(), settings.model, call);
}
