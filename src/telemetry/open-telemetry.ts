import { context, metrics, type MeterProvider, trace, type TracerProvider } from '@opentelemetry/api';
import type { SweLancerEvent } from '../events/event.js';
import type { RunEvents } from '../events/run-events.js';
import { providerOfModel } from './conventions.js';
import { runMetrics } from './run-metrics.js';
import { RunSpans } from './run-spans.js';

export interface OpenTelemetryOptions {
  /** Default: the one the program has registered with OpenTelemetry; without one, nothing is recorded. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Default: as above. */
  readonly meterProvider?: MeterProvider | undefined;
  /**
   * Whether commands, arguments and results of tools, models' answers, titles, explanations and the messages of errors go into spans. All of it is
   * redacted as it is in events. Default: false; codes, counts and durations only.
   */
  readonly captureContent?: boolean | undefined;
  /** `gen_ai.provider.name` for a model. Default: guessed from its name, else `unknown`. */
  readonly providerOf?: ((model: string) => string) | undefined;
}

/**
 * Tells OpenTelemetry of everything that happens in a run, or in several: spans from run to attempt, phase, `invoke_agent`, turn,
 * `chat` and `execute_tool`, and metrics, with the names of the GenAI conventions. Runs are below the span that is active now.
 * Dispose the result when the run is over: spans that are still open end then, with `swelancer.unfinished`. Flushing and
 * shutting down the providers stays with their owner.
 */
export function openTelemetry(events: RunEvents, options: OpenTelemetryOptions = {}): Disposable {
  const record = runMetrics(options.meterProvider ?? metrics.getMeterProvider());
  const spans = new RunSpans({
    tracer: (options.tracerProvider ?? trace.getTracerProvider()).getTracer('swelancer'),
    parent: context.active(),
    captureContent: options.captureContent ?? false,
    providerOf: options.providerOf ?? providerOfModel,
    onEnd: record,
  });
  let failed = false;
  const subscription = events.on('*', (event: SweLancerEvent) => {
    try {
      spans.take(event);
    } catch (error) {
      // The first is told as a diagnostic event; one for each event after it would drown the rest.
      if (failed) return;
      failed = true;
      throw error;
    }
  });
  return {
    [Symbol.dispose]: () => {
      subscription[Symbol.dispose]();
      spans.endAll();
    },
  };
}
