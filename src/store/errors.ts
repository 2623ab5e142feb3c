import { SweLancerError, type SweLancerErrorOptions } from '../errors.js';

export type StoreProblem =
  /** Another process is at work in the folder. */
  | 'locked'
  /** Another process has taken the folder over while this one was at work in it. */
  | 'lost'
  /** The folder belongs to another dataset, agent or configuration. */
  | 'mismatch'
  /** The folder is not a run's, or cannot be read. */
  | 'unreadable'
  /** Something could not be written. */
  | 'unwritable';

/** A run's folder cannot be used, or can be used no longer. What it holds stays as it is. */
export class StoreError extends SweLancerError {
  readonly code = 'store';
  readonly problem: StoreProblem;

  constructor(message: string, options: SweLancerErrorOptions & { readonly problem: StoreProblem }) {
    super(message, options);
    this.problem = options.problem;
  }

  protected override details() {
    return { problem: this.problem };
  }
}
