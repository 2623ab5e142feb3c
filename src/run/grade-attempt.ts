import type { ComputerRuntime } from '../computer/computer-interface.js';
import { isSweLancerError } from '../errors.js';
import type { EventScope } from '../events/event-scope.js';
import { observe } from '../events/event-scope.js';
import { scoreSchema } from '../result/task-result.js';
import type { Score, ScoreContext, Scorer } from '../scorer/scorer.js';
import { GradingError, PatchRejectedError } from '../swelancer/errors.js';
import { freshGrading } from '../swelancer/grading/fresh-grading.js';
import type { GradingSession } from '../swelancer/grading/grading-session.js';
import { inPlaceGrading } from '../swelancer/grading/in-place-grading.js';
import { RoundArtifacts } from '../swelancer/grading/round-artifacts.js';
import type { BaseTree } from '../swelancer/base-commit.js';
import type { ProvisionedComputer } from '../swelancer/provision.js';
import type { TestsCustody } from '../swelancer/tests-custody.js';
import type { Attempt } from './attempt.js';
import type { CollectedWork } from './collect.js';
import type { Countdown } from './countdown.js';
import { offTheClock, throughGate } from './gates.js';
import { provisionOf } from './provision-of-attempt.js';

/** Grades an attempt in the session that `open` makes, and closes it. */
export async function gradeAttempt(attempt: Attempt, open: SessionOpener): Promise<Score> {
  const { task, gates, signal: cancelled } = attempt.options;
  return throughGate(gates?.grade, cancelled, () =>
    attempt.phase('grade', 'gradeMs', async (events, signal, clock) => {
      const session = open(events, signal, clock);
      try {
        return await scoreSession(attempt.scorer, { task, session, signal, events });
      } finally {
        await session[Symbol.asyncDispose]();
      }
    }),
  );
}

type SessionOpener = (
  events: EventScope,
  signal: AbortSignal,
  clock: Countdown,
) => GradingSession & AsyncDisposable;

/** A session in a computer that no agent has touched. */
export function freshSession(
  attempt: Attempt,
  runtime: ComputerRuntime,
  work: CollectedWork,
  base: BaseTree | undefined,
): SessionOpener {
  const { startMs, readyMs, gradeTryMs } = attempt.deadlines;
  return (events, signal, clock) =>
    freshGrading({
      provision: provisionOf(attempt, runtime, 'grading', {
        events,
        signal,
        timeoutMs: startMs,
        startGate: offTheClock(attempt.options.gates?.start, clock),
      }),
      ...work,
      base,
      readyTimeoutMs: readyMs,
      tryTimeoutMs: gradeTryMs,
      artifacts: artifactsOf(attempt),
    });
}

function artifactsOf({ options: { artifacts } }: Attempt): RoundArtifacts | undefined {
  return artifacts && new RoundArtifacts(artifacts);
}

/** A session in the agent's own computer. */
export function inPlaceSession(
  attempt: Attempt,
  { computer, layout }: ProvisionedComputer,
  tests: TestsCustody,
  work: CollectedWork,
): SessionOpener {
  const tryTimeoutMs = attempt.deadlines.gradeTryMs;
  return (events, signal) => ({
    ...inPlaceGrading({
      provisioned: { computer: computer.within(events), layout },
      taskId: attempt.options.task.id,
      tests,
      ...work,
      signal,
      tryTimeoutMs,
      events,
      artifacts: artifactsOf(attempt),
    }),
    [Symbol.asyncDispose]: async () => undefined,
  });
}

/** Asks the scorer, between its events. What a scorer throws of its own becomes a `GradingError`. */
export async function scoreSession(scorer: Scorer, context: ScoreContext): Promise<Score> {
  const { name } = scorer;
  return observe(
    context.events,
    {
      start: ['scoring.started', { scorer: name }],
      finished: ({ outcome, value, explanation }) => [
        'scoring.decided',
        { scorer: name, outcome, score: value, earnedDollars: context.task.price * value, explanation },
      ],
      failed: (error) => ['scoring.failed', { scorer: name, error }],
    },
    async () => {
      try {
        return checkedScore(scorer, await scorer.score(context));
      } catch (error) {
        if (error instanceof PatchRejectedError)
          return { outcome: 'patch_rejected', value: 0, explanation: error.message, tries: [] };
        if (isSweLancerError(error) || context.signal.aborted) throw error;
        const message = error instanceof Error ? error.message : String(error);
        throw new GradingError(`The scorer "${name}" threw: ${message}`, { reason: 'scorer', cause: error });
      }
    },
  );
}

/** What a scorer says, if it is a score that a result can hold. @throws GradingError */
function checkedScore({ name }: Scorer, score: Score): Score {
  const parsed = scoreSchema.safeParse(plainJson(score));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
  throw new GradingError(`The scorer "${name}" gave no valid score: ${problems.join('; ')}.`, {
    reason: 'scorer',
    cause: parsed.error,
  });
}

/** As it is read back from a file. Undefined for what has no such form. */
function plainJson(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value));
  } catch {
    return undefined;
  }
}
