import type { Attributes, MeterProvider } from '@opentelemetry/api';
import type { EventOf, SweLancerEvent } from '../events/event.js';
import { errorType, genAi, swelancer } from './conventions.js';
import type { SpanStart } from './span-starts.js';

/** Records what an event says in figures. `begun` is the span that it ends. */
export type RecordMetrics = (event: SweLancerEvent, begun: SpanStart) => void;

export function runMetrics(provider: MeterProvider): RecordMetrics {
  const meter = provider.getMeter('swelancer');
  const tokens = meter.createHistogram('gen_ai.client.token.usage', {
    unit: '{token}',
    description: 'Number of input and output tokens used.',
    advice: { explicitBucketBoundaries: Array.from({ length: 14 }, (_, power) => 4 ** power) },
  });
  const operations = meter.createHistogram('gen_ai.client.operation.duration', {
    unit: 's',
    description: 'GenAI operation duration.',
    advice: { explicitBucketBoundaries: Array.from({ length: 14 }, (_, power) => 0.01 * 2 ** power) },
  });
  const durations = meter.createHistogram('swelancer.task.duration', {
    unit: 's',
    description: 'Wall clock of an attempt at a task.',
    advice: { explicitBucketBoundaries: [1, 10, 60, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400] },
  });
  const earned = meter.createCounter('swelancer.earned', { unit: '{USD}', description: 'Dollars earned.' });
  const outcomes = meter.createCounter('swelancer.task.outcomes', {
    unit: '{attempt}',
    description: 'Attempts that ended, by how they did.',
  });

  const modelCall = (event: EventOf<'model.responded' | 'model.failed'>, { attributes }: SpanStart) => {
    const about: Attributes = {
      [genAi.operation]: 'chat',
      [genAi.provider]: attributes[genAi.provider],
      [genAi.requestModel]: attributes[genAi.requestModel],
    };
    if (event.type === 'model.failed') {
      operations.record(event.durationMs / 1_000, { ...about, [errorType]: event.error.code });
      return;
    }
    const answered = { ...about, [genAi.responseModel]: event.model };
    operations.record(event.durationMs / 1_000, answered);
    const { inputTokens, outputTokens } = event.usage;
    if (inputTokens !== undefined) tokens.record(inputTokens, { ...answered, [genAi.tokenType]: 'input' });
    if (outputTokens !== undefined) tokens.record(outputTokens, { ...answered, [genAi.tokenType]: 'output' });
  };
  const task = (event: EventOf<'task.finished'>, { attributes }: SpanStart) => {
    const variant = { [swelancer.variant]: attributes[swelancer.variant] };
    const about = { ...variant, [swelancer.status]: event.status, [swelancer.outcome]: event.outcome };
    durations.record(event.durationMs / 1_000, about);
    outcomes.add(1, about);
    earned.add(event.earnedDollars, variant);
  };
  return (event, begun) => {
    if (event.type === 'task.finished') task(event, begun);
    else if (event.type === 'model.responded' || event.type === 'model.failed') modelCall(event, begun);
  };
}
