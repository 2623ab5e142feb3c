import type Anthropic from '@anthropic-ai/sdk';

/** What every call needs. */
export interface AnthropicSettings {
  readonly client: Anthropic;
  readonly model: string;
  readonly stream: boolean;
  readonly maxOutputTokens: number;
  readonly promptCaching: boolean;
  readonly extraBody: Readonly<Record<string, unknown>>;
}
