import Anthropic from '@anthropic-ai/sdk';
import { ConfigurationError } from '../../errors.js';
import { Redactor, Secret } from '../../redaction.js';
import { requireApiKey } from '../api-key.js';
import { requireBaseUrl } from '../base-url.js';
import { defaultCallTimeoutMs } from '../call-deadline.js';
import type { ModelClient } from '../model-client.js';
import { providerCall } from '../provider-call.js';
import type { AnthropicSettings } from './anthropic-settings.js';
import { createMessage } from './create-message.js';

export interface AnthropicModelOptions {
  readonly model: string;
  /** Required unless `client` is given. */
  readonly apiKey?: string | Secret | undefined;
  /** Without `/v1`. Default: `https://api.anthropic.com`. */
  readonly baseUrl?: string | undefined;
  /** A client of yours, with its key and base URL. Its own retries are switched off for our calls. */
  readonly client?: Anthropic | undefined;
  /** Default: true. Long answers need it: the package refuses to wait for them otherwise. */
  readonly stream?: boolean | undefined;
  /** The API wants a limit with each request; for requests that set none. Default: 16 384. */
  readonly maxOutputTokens?: number | undefined;
  /** Marks the growing conversation for the provider's cache, which makes long runs several times cheaper. Default: true. */
  readonly promptCaching?: boolean | undefined;
  readonly contextTokens?: number | undefined;
  /** Further fields of the request body, such as `thinking`. They win over ours. */
  readonly extraBody?: Readonly<Record<string, unknown>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** In place of the global one: a recording, a proxy. */
  readonly fetch?: typeof fetch | undefined;
}

/**
 * A model behind Anthropic's messages API. Reads no environment variables for key and address. One call is one HTTP
 * request: `withRetries` repeats. Thinking blocks go back signed as they came.
 * @throws ConfigurationError without key and client, or with a base URL that is none.
 */
export function anthropicModel(options: AnthropicModelOptions): ModelClient {
  const client = options.client ?? ownClient(options);
  if (options.model === '') throw new ConfigurationError('anthropicModel needs the name of a model.');
  const settings: AnthropicSettings = {
    client,
    model: options.model,
    stream: options.stream ?? true,
    maxOutputTokens: options.maxOutputTokens ?? 16_384,
    promptCaching: options.promptCaching ?? true,
    extraBody: options.extraBody ?? {},
  };
  const secrets = [client.apiKey, client.authToken].filter((key) => key !== null);
  const provider = {
    model: options.model,
    baseUrl: client.baseURL,
    redactor: new Redactor(secrets.map((key) => new Secret(key))),
  };
  return {
    id: options.model,
    contextTokens: options.contextTokens,
    generate: async (request, callOptions = {}) =>
      providerCall(provider, callOptions, (call) =>
        createMessage(settings, request, call, {
          signal: call.signal,
          maxRetries: 0,
          // A second later than ours, which also covers the body and tells its own story.
          timeout: (callOptions.timeoutMs ?? defaultCallTimeoutMs) + 1_000,
        }),
      ),
  };
}

function ownClient(options: AnthropicModelOptions): Anthropic {
  return new Anthropic({
    apiKey: requireApiKey(options.apiKey, 'anthropicModel').reveal(),
    // Everything the package would otherwise read from the environment is said here.
    webhookKey: null,
    baseURL: requireBaseUrl(options.baseUrl ?? 'https://api.anthropic.com', 'anthropicModel'),
    maxRetries: 0,
    logLevel: 'off',
    defaultHeaders: { ...options.headers },
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  });
}
