import { ConfigurationError } from '../errors.js';
import { observe, silentScope } from '../events/event-scope.js';
import { isModelError } from './errors.js';
import type { ModelCallOptions, ModelClient, ModelRequest, ModelResponse } from './model-client.js';
import type { Prices } from './prices.js';
import { type Spending, SpendingLedger } from './spending.js';
import { estimateTokens, type TokenEstimator } from './token-estimate.js';

export interface MeteredModelOptions {
  /** Default: the built-in table. */
  readonly prices?: Prices | undefined;
  /** For `model.requested` events. Default: `estimateTokens`. */
  readonly estimate?: TokenEstimator | undefined;
  /** Called after each call, failed ones too, with the sum so far. */
  readonly onSpending?: ((spending: Spending) => void) | undefined;
}

/** A model that keeps its own account. */
export interface MeteredModel extends ModelClient {
  spending(): Spending;
}

/**
 * Counts tokens, dollars and time of every call, and tells each as events: `model.requested`, `model.output` per piece of
 * text, then `model.responded` or `model.failed`. Goes around `withRetries`, so that repeated attempts are in the account.
 */
export function meteredModel(model: ModelClient, options: MeteredModelOptions = {}): MeteredModel {
  const ledger = new SpendingLedger(options.prices);
  const estimate = options.estimate ?? estimateTokens;

  const call = async (request: ModelRequest, callOptions: ModelCallOptions): Promise<ModelResponse> => {
    const startedAt = performance.now();
    const elapsed = () => Math.round(performance.now() - startedAt);
    try {
      const response = await model.generate(request, callOptions);
      const costDollars = ledger.addResponse(response, model.id, elapsed());
      return { ...response, costDollars };
    } catch (error) {
      if (isModelError(error)) ledger.addError(error, elapsed());
      else ledger.addTime(elapsed());
      throw error;
    } finally {
      options.onSpending?.(ledger.spending());
    }
  };

  return {
    id: model.id,
    contextTokens: model.contextTokens,
    spending: () => ledger.spending(),
    generate: async (request, callOptions = {}) => {
      if (request.messages.length === 0)
        throw new ConfigurationError('A model request needs at least one message.');
      return observe(
        callOptions.events ?? silentScope,
        {
          start: [
            'model.requested',
            {
              model: model.id,
              messages: request.messages.length,
              estimatedTokens: request.messages.reduce((total, message) => total + estimate(message), 0),
            },
          ],
          finished: (response, durationMs) => [
            'model.responded',
            {
              model: response.model,
              stopReason: response.stopReason,
              usage: response.usage,
              ...(response.costDollars === undefined ? {} : { costDollars: response.costDollars }),
              ...(response.id !== undefined && { responseId: response.id }),
              durationMs,
            },
          ],
          failed: (error, durationMs) => ['model.failed', { model: model.id, durationMs, error }],
        },
        (span) =>
          call(request, {
            ...callOptions,
            events: span,
            onText: (text) => {
              span.emit('model.output', { model: model.id, text });
              callOptions.onText?.(text);
            },
          }),
      );
    },
  };
}
