import type { Task } from '../dataset/task.js';
import type { EventScope } from '../events/event-scope.js';
import type { GradingSession } from '../swelancer/grading/grading-session.js';
import type { Layout } from '../swelancer/layout.js';
import type { TestTry } from '../swelancer/grading/test-try.js';

/** Decides what an attempt is worth. Throw for an infrastructure fault; return a score for everything else. */
export interface Scorer {
  readonly name: string;
  /**
   * What decides how it scores, as plain JSON: a run refuses what JSON would change, such as `Infinity`. A run's folder keeps
   * it, and refuses to go on with another.
   */
  readonly configuration?: Readonly<Record<string, unknown>> | undefined;
  /**
   * The file an agent writes what is graded to, absolute on its computer; `session.answer` has its content then, and no
   * patch is taken. Default: the task's own way, a patch for IC tasks and the layout's `answerFile` for manager tasks.
   */
  answerFile?(layout: Layout): string;
  /** Throws `ConfigurationError` for a task it cannot grade. Called before anything is started. */
  check?(task: Task): void;
  score(context: ScoreContext): Promise<Score>;
}

export interface ScoreContext {
  /** With its secrets: scorers run on our side. */
  readonly task: Task;
  /** What the agent left behind, and the means to run tests on it. */
  readonly session: GradingSession;
  readonly signal: AbortSignal;
  readonly events: EventScope;
}

export type Outcome =
  | 'passed'
  | 'tests_failed'
  | 'build_failed'
  | 'patch_rejected'
  | 'correct'
  | 'wrong'
  | 'no_answer'
  | 'malformed'
  | 'invalid_choice';

export interface Score {
  readonly outcome: Outcome;
  /** 1 pays the task's price, 0 pays nothing. Nothing between: the benchmark gives no partial pay. */
  readonly value: 0 | 1;
  /** One sentence for people. */
  readonly explanation: string;
  /** Every round of tests, in order. Empty for manager tasks. */
  readonly tries: readonly TestTry[];
  /** The answer file as it was, for manager tasks. */
  readonly answer?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}
