import type { Layout } from '../swelancer/layout.js';
import type { Attempt } from './attempt.js';

/** The file that is graded, absolute on the agent's computer. Undefined where the working tree is. */
export function answerFileOf(
  { scorer, options }: Pick<Attempt, 'scorer' | 'options'>,
  layout: Layout,
): string | undefined {
  if (scorer.answerFile !== undefined) return scorer.answerFile(layout);
  return options.task.variant === 'swe_manager' ? layout.answerFile : undefined;
}
