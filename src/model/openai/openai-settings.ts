import type OpenAI from 'openai';

/** What both styles of call need. */
export interface OpenAiSettings {
  readonly client: OpenAI;
  readonly model: string;
  readonly stream: boolean;
  readonly extraBody: Readonly<Record<string, unknown>>;
}
