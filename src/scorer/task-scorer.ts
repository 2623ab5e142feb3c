import type { IcVerdictOptions } from '../swelancer/grading/ic-verdict.js';
import type { ManagerVerdictOptions } from '../swelancer/grading/manager-verdict.js';
import { icTestsScorer } from './ic-tests-scorer.js';
import { managerChoiceScorer } from './manager-choice-scorer.js';
import type { Scorer } from './scorer.js';

/** The benchmark's own rule for each variant. What `runTask` uses unless it is given another scorer. */
export function taskScorer(options: IcVerdictOptions & ManagerVerdictOptions = {}): Scorer {
  const ic = icTestsScorer(options);
  const manager = managerChoiceScorer(options);
  return {
    name: 'task',
    configuration: { ...manager.configuration, ...ic.configuration },
    score: (context) => (context.task.variant === 'ic_swe' ? ic : manager).score(context),
  };
}
