import { randomUUID } from 'node:crypto';
import type { Agent } from '../agent/agent.js';
import type { AgentUsage } from '../agent/agent-usage.js';
import type { NetworkReport } from '../computer/network-policy.js';
import { ConfigurationError, type ErrorRecord, type Phase, toErrorRecord } from '../errors.js';
import type { EventScope } from '../events/event-scope.js';
import { runEventsOf } from '../events/run-events.js';
import { Redactor } from '../redaction.js';
import { taskScorer } from '../scorer/task-scorer.js';
import type { Scorer } from '../scorer/scorer.js';
import type { SharedSetups } from '../swelancer/shared-setups.js';
import type { Countdown } from './countdown.js';
import { type Deadlines, defaultDeadlines } from './deadlines.js';
import { runPhase } from './phase.js';
import type { GradingMode, RunTaskOptions } from './run-task-options.js';
import type { ResultPatch, TaskResult, UngradedResult } from '../result/task-result.js';

/** One attempt while it is under way: what was asked for, and what is known so far. */
export interface Attempt {
  readonly options: RunTaskOptions;
  readonly agent: Agent;
  readonly scorer: Scorer;
  readonly grading: GradingMode;
  readonly deadlines: Deadlines;
  readonly events: EventScope;
  readonly redactor: Redactor;
  readonly facts: AttemptFacts;
  /** Where its computers share their set-up. */
  readonly setups: SharedSetups | undefined;
  /** The result's fields that every status has. */
  common(): Omit<UngradedResult, 'earned'>;
  /** Runs a phase under its deadline and the caller's signal, and keeps its duration. */
  phase<T>(phase: Phase, deadline: keyof Deadlines | undefined, work: PhaseWork<T>): Promise<T>;
}

/** `clock` is that of the phase's deadline. */
export type PhaseWork<T> = (scope: EventScope, signal: AbortSignal, clock: Countdown) => Promise<T>;

/** Filled in as the phases go, so that a result of any status carries what was known by then. */
export interface AttemptFacts {
  usage: AgentUsage;
  endedByLimit?: string | undefined;
  message?: string | undefined;
  agentMetadata?: Readonly<Record<string, unknown>> | undefined;
  promptVersion?: string | undefined;
  image?: string | undefined;
  setup?: TaskResult['setup'];
  network?: NetworkReport | undefined;
  patch?: ResultPatch | undefined;
  answer?: string | undefined;
  workOf?: number | undefined;
  readonly phases: Partial<Record<Phase, number>>;
  readonly warnings: ErrorRecord[];
}

const defaultScorer = taskScorer();

/** Checks the options before anything is started. @throws ConfigurationError */
export function beginAttempt(options: RunTaskOptions): Attempt {
  const { task } = options;
  const agent: Agent = typeof options.agent === 'function' ? fromFunction(options.agent) : options.agent;
  const scorer = options.scorer ?? defaultScorer;
  scorer.check?.(task);
  const grading = gradingMode(options);
  const deadlines = { ...defaultDeadlines, ...defined(options.deadlines ?? {}) };
  const runId = options.runId ?? randomUUID();
  const { epoch = 1, attempt = 1 } = options;
  const events = runEventsOf(options.events).scope({ runId, taskId: task.id, epoch, attempt }).span();
  const facts: AttemptFacts = { usage: {}, phases: {}, warnings: [] };
  const startedAt = new Date();
  const clock = performance.now();
  return {
    options,
    agent,
    scorer,
    grading,
    deadlines,
    events,
    redactor: new Redactor(options.secrets),
    facts,
    setups: options.setups === false ? undefined : options.setups,
    phase: async (phase, deadline, work) => {
      const entered = performance.now();
      const signal = phase === 'cleanup' ? undefined : options.signal;
      const timeoutMs = deadline === undefined ? undefined : deadlines[deadline];
      const about = phase === 'solve' ? { agent: agent.name } : {};
      try {
        return await runPhase(
          { phase, events, about, signal, timeoutMs, deadline: deadline ?? '', stopMs: deadlines.stopMs },
          work,
        );
      } finally {
        facts.phases[phase] = (facts.phases[phase] ?? 0) + Math.round(performance.now() - entered);
      }
    },
    common: () => ({
      schema: 1,
      runId,
      taskId: task.id,
      variant: task.variant,
      title: task.title,
      split: task.split,
      agent: agent.name,
      scorer: scorer.name,
      epoch,
      attempt,
      grading,
      available: task.price,
      startedAt: startedAt.toISOString(),
      durationMs: Math.round(performance.now() - clock),
      ...facts,
      usage: { ...facts.usage },
    }),
  };
}

/** What is known when the agent is done and its work has been read. */
export function ungraded(attempt: Attempt): UngradedResult {
  return { earned: 0, ...attempt.common() };
}

export function warn(attempt: Attempt, message: string, error: unknown): void {
  const record = toErrorRecord(error);
  attempt.facts.warnings.push(record);
  attempt.events.emit('diagnostic', { message, error: record });
}

function fromFunction(solve: Extract<RunTaskOptions['agent'], (...args: never) => unknown>): Agent {
  return { name: solve.name || 'function', solve: async (context) => (await solve(context)) ?? {} };
}

function gradingMode({ runtime, computer, grading, task }: RunTaskOptions): GradingMode {
  if (runtime === undefined && computer === undefined) {
    throw new ConfigurationError(
      `Task ${task.id} has nowhere to run: pass \`runtime\`, or \`computer\` for one of your own.`,
    );
  }
  if (grading === 'fresh' && runtime === undefined) {
    throw new ConfigurationError(
      "`grading: 'fresh'` needs a `runtime` to start a second computer with. Pass one beside `computer`, or use 'in-place'.",
    );
  }
  return grading ?? (runtime === undefined ? 'in-place' : 'fresh');
}

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // Only entries with a value are kept, which is what the type says.
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
