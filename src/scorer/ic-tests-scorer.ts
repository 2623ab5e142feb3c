import { ConfigurationError } from '../errors.js';
import { observe } from '../events/event-scope.js';
import { GradingError } from '../swelancer/errors.js';
import { icVerdict, type IcVerdictOptions, icVerdictSettings } from '../swelancer/grading/ic-verdict.js';
import type { TestRound } from '../swelancer/grading/test-round.js';
import type { Score, ScoreContext, Scorer } from './scorer.js';
import { noBoundAsNull } from '../no-bound-as-null.js';

/** Grades an IC task by its end-to-end tests: rounds are run until `icVerdict` decides. */
export function icTestsScorer(options: IcVerdictOptions = {}): Scorer {
  return {
    name: 'ic-tests',
    configuration: noBoundAsNull(icVerdictSettings(options)),
    score: (context) => scoreIc(context, options),
  };
}

async function scoreIc(context: ScoreContext, options: IcVerdictOptions): Promise<Score> {
  if (context.task.variant !== 'ic_swe') {
    throw new ConfigurationError(
      `The scorer ic-tests grades IC tasks; ${context.task.id} is a manager task.`,
    );
  }
  const rounds: TestRound[] = [];
  for (;;) {
    const verdict = icVerdict(
      rounds.map(({ judged }) => judged),
      options,
    );
    if (verdict.kind === 'fault') {
      throw new GradingError(`Task ${context.task.id} could not be graded: ${verdict.explanation}.`, {
        reason: verdict.reason,
        retryable: verdict.retryable,
      });
    }
    if (verdict.kind === 'scored') {
      const { outcome, value, explanation } = verdict;
      return { outcome, value, explanation, tries: rounds.map(({ kept }) => kept) };
    }
    rounds.push(await nextRound(context, rounds.length + 1));
  }
}

function nextRound({ session, events }: ScoreContext, number: number): Promise<TestRound> {
  return observe(
    events,
    {
      start: ['scoring.try.started', { try: number }],
      finished: ({ kept }, durationMs) => [
        'scoring.try.finished',
        {
          try: number,
          exitCode: kept.exitCode,
          durationMs,
          ...(kept.failedStep !== undefined && { failedStep: kept.failedStep }),
        },
      ],
      failed: (error, durationMs) => ['scoring.try.failed', { try: number, durationMs, error }],
    },
    () => session.runTests(),
  );
}
