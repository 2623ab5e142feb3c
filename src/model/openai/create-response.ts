import type OpenAI from 'openai';
import { isRecord, textAt, valueAt } from '../json-path.js';
import type { ModelRequest, ModelResponse } from '../model-client.js';
import type { ProviderCall } from '../provider-call.js';
import { requestIdOf } from '../request-id.js';
import { streamedEvents, wholeBody } from '../response-shape.js';
import type { OpenAiSettings } from './openai-settings.js';
import { readResponse } from './response-body.js';
import { responsesRequest } from './responses-request.js';

/** One call of `/responses`. Nothing is stored at the provider: reasoning comes back encrypted and is sent again. */
export async function createResponse(
  settings: OpenAiSettings,
  request: ModelRequest,
  call: ProviderCall,
  requestOptions: OpenAI.RequestOptions,
): Promise<ModelResponse> {
  const { responses } = settings.client;
  const body = responsesRequest(settings, request);
  if (!settings.stream) {
    const response = await responses.create(body, requestOptions).asResponse();
    call.requestId = requestIdOf(response);
    return readResponse(await wholeBody(response, call), settings.model, call);
  }
  const { data, response } = await responses.create({ ...body, stream: true }, requestOptions).withResponse();
  call.requestId = requestIdOf(response);
  const events = await streamedEvents(data, response, call);
  if (events.kind === 'whole') return readResponse(events.body, settings.model, call);
  let seen = 0;
  let last: unknown;
  for await (const event of events.chunks) {
    seen++;
    const type = textAt(event, 'type');
    if (type === 'response.output_text.delta') call.text(textAt(event, 'delta') ?? '');
    else if (type === 'error') throw call.failure(event);
    else if (/^response\.(?:completed|incomplete|failed)$/.test(type ?? ''))
      last = valueAt(event, 'response');
  }
  if (isRecord(last)) return readResponse(last, settings.model, call);
  throw seen === 0 ? call.error('malformed_response', 'the stream ended without a single event') : call.cut();
}
