import OpenAI from 'openai';
import { ConfigurationError } from '../../errors.js';
import { Redactor, Secret } from '../../redaction.js';
import { requireApiKey } from '../api-key.js';
import { requireBaseUrl } from '../base-url.js';
import { defaultCallTimeoutMs } from '../call-deadline.js';
import type { ModelClient } from '../model-client.js';
import { providerCall } from '../provider-call.js';
import { completeChat } from './complete-chat.js';
import { createResponse } from './create-response.js';
import type { OpenAiSettings } from './openai-settings.js';

export interface OpenAiModelOptions {
  /** The model as the server names it. */
  readonly model: string;
  /** Required unless `client` is given. Servers without keys take any text. */
  readonly apiKey?: string | Secret | undefined;
  /** The root of the API, such as `https://openrouter.ai/api/v1`. Default: `https://api.openai.com/v1`. */
  readonly baseUrl?: string | undefined;
  /** A client of yours, with its key and base URL. Its own retries are switched off for our calls. */
  readonly client?: OpenAI | undefined;
  /** Chat completions are what every compatible server speaks; `responses` keeps reasoning between turns. Default: `chat`. */
  readonly api?: 'chat' | 'responses' | undefined;
  /** Default: true. Switch it off for servers that cannot stream tool calls or usage. */
  readonly stream?: boolean | undefined;
  readonly contextTokens?: number | undefined;
  /** Further fields of the request body, such as OpenRouter's `provider`. They win over ours. */
  readonly extraBody?: Readonly<Record<string, unknown>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** In place of the global one: a recording, a proxy. */
  readonly fetch?: typeof fetch | undefined;
}

/**
 * A model behind OpenAI's API or any server that speaks it. Reads no environment variables for key and address. One call
 * is one HTTP request: `withRetries` repeats.
 * @throws ConfigurationError without key and client, or with a base URL that is none.
 */
export function openAiModel(options: OpenAiModelOptions): ModelClient {
  const client = options.client ?? ownClient(options);
  if (options.model === '') throw new ConfigurationError('openAiModel needs the name of a model.');
  const settings: OpenAiSettings = {
    client,
    model: options.model,
    stream: options.stream ?? true,
    extraBody: options.extraBody ?? {},
  };
  const generate = options.api === 'responses' ? createResponse : completeChat;
  const provider = {
    model: options.model,
    baseUrl: client.baseURL,
    redactor: new Redactor(client.apiKey === null ? [] : [new Secret(client.apiKey)]),
  };
  return {
    id: options.model,
    contextTokens: options.contextTokens,
    generate: async (request, callOptions = {}) =>
      providerCall(provider, callOptions, (call) =>
        generate(settings, request, call, {
          signal: call.signal,
          maxRetries: 0,
          // A second later than ours, which also covers the body and tells its own story.
          timeout: (callOptions.timeoutMs ?? defaultCallTimeoutMs) + 1_000,
        }),
      ),
  };
}

function ownClient(options: OpenAiModelOptions): OpenAI {
  const apiKey = requireApiKey(options.apiKey, 'openAiModel');
  return new OpenAI({
    apiKey: apiKey.reveal(),
    // Everything the package would otherwise read from the environment is said here.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    baseURL: requireBaseUrl(options.baseUrl ?? 'https://api.openai.com/v1', 'openAiModel'),
    maxRetries: 0,
    logLevel: 'off',
    defaultHeaders: { ...options.headers },
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  });
}
