import { ConfigurationError } from '../errors.js';
import { managerVerdict, type ManagerVerdictOptions } from '../swelancer/grading/manager-verdict.js';
import type { Scorer } from './scorer.js';

/** Grades a manager task by the real manager's choice. */
export function managerChoiceScorer(options: ManagerVerdictOptions = {}): Scorer {
  return {
    name: 'manager-choice',
    configuration: { parity: options.parity ?? false },
    score: async ({ task, session }) => {
      if (task.variant !== 'swe_manager') {
        throw new ConfigurationError(
          `The scorer manager-choice grades manager tasks; ${task.id} is an IC task.`,
        );
      }
      const { outcome, value, choice, explanation } = managerVerdict(session.answer, task, options);
      const answer = session.answer === undefined ? undefined : new TextDecoder().decode(session.answer);
      return {
        outcome,
        value,
        explanation,
        tries: [],
        answer,
        metadata: choice === undefined ? undefined : { choice },
      };
    },
  };
}
