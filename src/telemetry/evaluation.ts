import type { Attributes } from '@opentelemetry/api';
import type { SweLancerEvent } from '../events/event.js';
import { errorType, genAi } from './conventions.js';

/** What a scorer has decided, or why it could not, in the conventions' words. Undefined for every other event. */
export function evaluationOf(event: SweLancerEvent, captureContent: boolean): Attributes | undefined {
  switch (event.type) {
    case 'scoring.decided':
      return {
        [genAi.evaluationName]: event.scorer,
        [genAi.evaluationScore]: event.score,
        [genAi.evaluationLabel]: event.outcome,
        ...(captureContent && { [genAi.evaluationExplanation]: event.explanation }),
      };
    case 'scoring.failed':
      return { [genAi.evaluationName]: event.scorer, [errorType]: event.error.code };
    default:
      return undefined;
  }
}
