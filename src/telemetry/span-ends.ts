import type { Attributes } from '@opentelemetry/api';
import type { ErrorRecord } from '../errors.js';
import type { SweLancerEvent, Usage } from '../events/event.js';
import { genAi, swelancer } from './conventions.js';

export interface SpanEnd {
  readonly attributes: Attributes;
  /** What went wrong, where something did. */
  readonly failure?: SpanFailure | undefined;
}

export interface SpanFailure {
  /** Stable, such as `command_timeout`. */
  readonly code: string;
  /** May hold content. */
  readonly message?: string | undefined;
}

/** How an event ends the span it is of. Undefined for every other event. */
export function spanEnd(event: SweLancerEvent): SpanEnd | undefined {
  switch (event.type) {
    case 'run.finished':
      return {
        attributes: { 'swelancer.run.outcome': event.outcome, 'swelancer.run.earned': event.earnedDollars },
        failure: event.outcome === 'completed' ? undefined : { code: event.outcome },
      };
    case 'task.finished':
      return {
        attributes: {
          [swelancer.status]: event.status,
          [swelancer.outcome]: event.outcome,
          'swelancer.task.earned': event.earnedDollars,
        },
        // A wrong answer is no failure of the run. Which error it was, the phase that failed has told.
        failure: event.status === 'scored' ? undefined : { code: event.status },
      };
    case 'model.responded':
      return {
        attributes: {
          [genAi.responseModel]: event.model,
          [genAi.responseId]: event.responseId,
          [genAi.finishReasons]: [finishReason(event.stopReason)],
          ...usageAttributes(event.usage),
          'swelancer.cost': event.costDollars,
        },
      };
    case 'tool.returned':
      return { attributes: { 'swelancer.tool.output_bytes': event.outputBytes } };
    case 'command.finished':
      return { attributes: commandAttributes(event) };
    case 'command.timed_out':
      return { attributes: commandAttributes(event), failure: { code: 'command_timeout' } };
    case 'command.aborted':
      return { attributes: commandAttributes(event), failure: { code: 'command_aborted' } };
    case 'scoring.try.finished':
      return {
        attributes: {
          'swelancer.try.exit_code': event.exitCode ?? undefined,
          'swelancer.try.failed_step': event.failedStep,
        },
      };
    case 'scoring.decided':
      return { attributes: { [swelancer.outcome]: event.outcome, 'swelancer.score': event.score } };
    case 'file.upload.finished':
    case 'file.download.finished':
      return { attributes: { 'swelancer.file.bytes': event.bytes ?? undefined } };
    default:
      if (event.type.endsWith('failed') && 'error' in event)
        return { attributes: {}, failure: failureOf(event.error) };
      return plainEnds.has(event.type) ? { attributes: {} } : undefined;
  }
}

export function failureOf({ code, message }: ErrorRecord): SpanFailure {
  return { code, message };
}

/** In the conventions' words. */
export function finishReason(stopReason: string): string {
  return stopReason === 'end' ? 'stop' : stopReason;
}

function usageAttributes(usage: Usage): Attributes {
  return {
    [genAi.inputTokens]: usage.inputTokens,
    [genAi.outputTokens]: usage.outputTokens,
    [genAi.cacheReadTokens]: usage.cachedInputTokens,
    [genAi.cacheWriteTokens]: usage.cacheWriteTokens,
    [genAi.reasoningTokens]: usage.reasoningTokens,
  };
}

function commandAttributes(event: {
  readonly exitCode: number | null;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
}): Attributes {
  return {
    'swelancer.command.exit_code': event.exitCode ?? undefined,
    'swelancer.command.stdout_bytes': event.stdoutBytes,
    'swelancer.command.stderr_bytes': event.stderrBytes,
  };
}

const plainEnds: ReadonlySet<SweLancerEvent['type']> = new Set<SweLancerEvent['type']>([
  'phase.finished',
  'agent.turn.finished',
  'computer.started',
  'computer.cleanup.finished',
  'computer.snapshot.finished',
  'network.changed',
  'image.pull.finished',
  'user_tool.finished',
]);
