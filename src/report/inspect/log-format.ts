/**
 * What we write of Inspect's log format, version 2. Members that a reader can do without are optional here; those it
 * cannot do without are not. Texts longer than 100 characters in events stand as `attachment://` references.
 */

export type InspectJson =
  | string
  | number
  | boolean
  | null
  | readonly InspectJson[]
  | { readonly [key: string]: InspectJson | undefined };

export interface InspectObject {
  readonly [key: string]: InspectJson | undefined;
}

/** `input_tokens` leaves cached ones out, as Inspect counts. */
export interface InspectUsage extends InspectObject {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly total_tokens: number;
  readonly input_tokens_cache_read?: number | undefined;
  readonly input_tokens_cache_write?: number | undefined;
  readonly reasoning_tokens?: number | undefined;
  readonly total_cost?: number | undefined;
}

/** Never NaN: a sample that was not scored has no scores. */
export interface InspectScore extends InspectObject {
  readonly value: number;
  readonly answer?: string | undefined;
  readonly explanation?: string | undefined;
  readonly metadata?: InspectObject | undefined;
}

/** All three texts are required. */
export interface InspectError extends InspectObject {
  readonly message: string;
  readonly traceback: string;
  readonly traceback_ansi: string;
}

export interface InspectMetric extends InspectObject {
  readonly name: string;
  readonly value: number;
  readonly group?: string | undefined;
}

export interface InspectEvalScore extends InspectObject {
  readonly name: string;
  readonly scorer: string;
  readonly reducer?: string | undefined;
  readonly scored_samples: number;
  readonly unscored_samples: number;
  readonly metrics: { readonly [name: string]: InspectMetric };
}

export interface InspectReductions extends InspectObject {
  readonly scorer: string;
  readonly reducer: string;
  readonly samples: readonly (InspectScore & { readonly sample_id: string })[];
}

export interface InspectMessage extends InspectObject {
  readonly id: string;
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string | readonly InspectObject[];
}

/** The kinds we write; a reader rejects the whole log for one it does not know. */
export type InspectEventName =
  | 'span_begin'
  | 'span_end'
  | 'model'
  | 'tool'
  | 'sandbox'
  | 'score'
  | 'sample_limit'
  | 'error'
  | 'info';

export interface InspectEvent extends InspectObject {
  readonly event: InspectEventName;
  readonly timestamp: string;
  /** Seconds since the sample began. */
  readonly working_start: number;
  readonly span_id?: string | undefined;
}

/** A sample's short form, for lists. */
export interface InspectSummary extends InspectObject {
  readonly id: string;
  readonly epoch: number;
  readonly input: string;
  readonly target: string;
}
