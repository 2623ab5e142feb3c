import { isSweLancerError, SweLancerError, type SweLancerErrorOptions } from '../errors.js';
import type { Usage } from '../events/event.js';

export type ModelErrorKind =
  /** No key, or one the provider does not take. */
  | 'auth'
  /** The key is good and the account may not do this: model not enabled, no credit, region. */
  | 'permission'
  /** No such model. */
  | 'not_found'
  | 'bad_request'
  /** The prompt is larger than the model takes. */
  | 'context_length'
  | 'rate_limited'
  | 'overloaded'
  | 'server'
  /** No connection, or one that was cut. */
  | 'network'
  | 'timeout'
  | 'aborted'
  /** The provider refused the prompt. A model that declines answers with the stop reason `refusal` instead. */
  | 'refused'
  /** An answer that is not what the protocol says: no choices, broken JSON. */
  | 'malformed_response'
  /** Something else answers at the base URL: a web page, a proxy's login. */
  | 'not_an_api'
  /** An error that no rule knows. Never retried. */
  | 'unexpected';

const transientKinds: ReadonlySet<ModelErrorKind> = new Set<ModelErrorKind>([
  'rate_limited',
  'overloaded',
  'server',
  'network',
  'timeout',
  'malformed_response',
]);

export interface ModelErrorOptions extends SweLancerErrorOptions {
  readonly kind: ModelErrorKind;
  /** The model that was asked for. */
  readonly model: string;
  /** HTTP status. */
  readonly status?: number | undefined;
  /** Milliseconds the provider asks to wait. */
  readonly retryAfterMs?: number | undefined;
  /** What the provider's support asks for. */
  readonly requestId?: string | undefined;
  /** Tokens the provider counted although the call failed, as far as it said so. */
  readonly usage?: Usage | undefined;
  readonly costDollars?: number | undefined;
  /** The provider may have counted more than `usage` says: the call had reached it and its bill did not arrive. Default: false. */
  readonly usageUnknown?: boolean | undefined;
  readonly failedAttempts?: readonly FailedAttempt[] | undefined;
}

/** A call that failed and was made again. */
export interface FailedAttempt {
  readonly error: ModelError;
  /** Milliseconds from this failure to the next attempt. */
  readonly waitMs: number;
}

/** A model call failed. Branch on `kind`. No key is ever in its message or its cause. */
export class ModelError extends SweLancerError {
  readonly code = 'model';
  readonly kind: ModelErrorKind;
  readonly model: string;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly requestId: string | undefined;
  readonly usage: Usage | undefined;
  readonly costDollars: number | undefined;
  readonly usageUnknown: boolean;
  /** The attempts before this one. Their tokens are not in `usage`. */
  readonly failedAttempts: readonly FailedAttempt[];
  readonly #options: ModelErrorOptions;

  constructor(message: string, options: ModelErrorOptions) {
    super(message, { ...options, retryable: options.retryable ?? transientKinds.has(options.kind) });
    if (options.kind === 'aborted') this.name = 'AbortError';
    this.#options = options;
    this.kind = options.kind;
    this.model = options.model;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.requestId = options.requestId;
    this.usage = options.usage;
    this.costDollars = options.costDollars;
    this.usageUnknown = options.usageUnknown ?? false;
    this.failedAttempts = options.failedAttempts ?? [];
  }

  /** The same error with more known about it. */
  with(known: Partial<ModelErrorOptions>): ModelError {
    const copy = new ModelError(this.message, { ...this.#options, ...known });
    if (this.stack !== undefined) copy.stack = this.stack;
    return copy;
  }

  protected override details() {
    return {
      kind: this.kind,
      model: this.model,
      status: this.status,
      retryAfterMs: this.retryAfterMs,
      requestId: this.requestId,
      usage: this.usage,
      costDollars: this.costDollars,
      usageUnknown: this.usageUnknown,
      failedAttempts: this.failedAttempts.length,
    };
  }
}

/** Recognises model errors across duplicate copies of the package. */
export function isModelError(value: unknown): value is ModelError {
  return isSweLancerError(value) && value.code === 'model';
}
