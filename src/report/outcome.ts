import type { ResultRecord, ScoredResult } from '../result/task-result.js';

/** What colours, signs and order follow. `none`: the sample has no result yet. */
export type OutcomeKind = 'passed' | 'failed' | 'error' | 'cancelled' | 'none';

export type OutcomeName = ScoredResult['outcome'] | 'error' | 'cancelled' | 'none';

export const outcomeLabels: Readonly<Record<OutcomeName, string>> = {
  passed: 'Passed',
  correct: 'Correct',
  tests_failed: 'Tests failed',
  build_failed: 'Build failed',
  patch_rejected: 'Patch rejected',
  wrong: 'Wrong',
  no_answer: 'No answer',
  malformed: 'Malformed answer',
  invalid_choice: 'Invalid choice',
  error: 'Infrastructure error',
  cancelled: 'Cancelled',
  none: 'No result',
};

/** A second channel beside colour. */
export const outcomeSigns: Readonly<Record<OutcomeKind, string>> = {
  passed: '✓',
  failed: '×',
  error: '!',
  cancelled: '–',
  none: '·',
};

export const variantLabels: Readonly<Record<ResultRecord['variant'], string>> = {
  ic_swe: 'Engineer',
  swe_manager: 'Manager',
};

export function outcomeName(result: ResultRecord | undefined): OutcomeName {
  if (result === undefined) return 'none';
  return result.status === 'scored' ? result.outcome : result.status;
}

export function outcomeKind(result: ResultRecord | undefined): OutcomeKind {
  if (result === undefined) return 'none';
  if (result.status !== 'scored') return result.status;
  return result.passed ? 'passed' : 'failed';
}
