import { SweLancerError } from '../../errors.js';

/** The queue could not be reached for as long as it was waited for. What is in it, and in the run's folder, stays. */
export class QueueError extends SweLancerError {
  readonly code = 'queue';
}
