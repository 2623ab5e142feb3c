import { runEventsOf } from '../events/run-events.js';
import { describeRun } from './describe-run.js';
import type { EvalOptions } from './eval-options.js';
import { planEval } from './eval-plan.js';
import type { EvalRun } from './eval-run.js';
import { EvalSession } from './eval-session.js';

/**
 * Runs many tasks: bounded, retried where a fault came between, kept in a folder if there is one, and continued from it.
 * One bad task never ends the run. Begins at once; `await` the run for its outcome, iterate it for results as they come.
 * @throws ConfigurationError at once when an option is wrong. StoreError, as a rejection, when the folder cannot be used or
 * written any longer: then nothing that was confirmed is lost.
 */
export function runEval(options: EvalOptions): EvalRun {
  const plan = planEval(options);
  const events = runEventsOf(options.events);
  const session = new EvalSession({ options, plan, events, description: describeRun(options) });
  return session.begin();
}
