import { noopAgent } from '../agent/noop-agent.js';
import type { ComputerRuntime } from '../computer/computer-interface.js';
import type { Task } from '../dataset/task.js';
import { ConfigurationError } from '../errors.js';
import type { Score, Scorer } from '../scorer/scorer.js';
import type { BaseTree } from '../swelancer/base-commit.js';
import { patchFrom } from '../swelancer/patch.js';
import { type AttemptFacts, beginAttempt } from './attempt.js';
import type { CollectedWork } from './collect.js';
import { finishAttempt } from './finish-attempt.js';
import { freshSession, gradeAttempt } from './grade-attempt.js';
import { gradeTaskNames, sharedOptionProblems } from './option-problems.js';
import { unknownOptions, refuseProblems } from '../option-names.js';
import { fromResultPatch } from './result-patch.js';
import type { RunTaskOptions } from './run-task-options.js';
import type { TaskResult, UngradedResult } from '../result/task-result.js';

export interface GradeTaskOptions
  extends Pick<
    RunTaskOptions,
    | 'task'
    | 'computers'
    | 'setups'
    | 'scorer'
    | 'deadlines'
    | 'artifacts'
    | 'events'
    | 'secrets'
    | 'signal'
    | 'runId'
    | 'epoch'
    | 'attempt'
  > {
  readonly runtime: ComputerRuntime;
  /**
   * Work that `runTask` has collected: an earlier result, or what its `checkpoint` got. The new result keeps what is known
   * of the agent, its usage included. Instead of `patch` and `answer`.
   */
  readonly saved?: UngradedResult | TaskResult | undefined;
  /** Who made the work, for the result. Default: the agent of `saved`, else `external`. */
  readonly agentName?: string | undefined;
  /** For IC tasks: a diff against the task's base. One that git refuses is scored as `patch_rejected`. */
  readonly patch?: string | Uint8Array | undefined;
  /** For manager tasks, and scorers with an `answerFile`: the answer file's content. Undefined for none. */
  readonly answer?: string | Uint8Array | undefined;
}

/** Grades work that was saved, or made elsewhere, in a fresh computer. No agent runs. */
export async function gradeTask(options: GradeTaskOptions): Promise<TaskResult> {
  refuseProblems('gradeTask', [...unknownOptions(options, gradeTaskNames), ...sharedOptionProblems(options)]);
  const { task, saved, runtime } = options;
  const { work, base } = saved === undefined ? givenWork(options) : savedWork(options, saved);
  const name = options.agentName ?? saved?.agent ?? 'external';
  const attempt = beginAttempt({ ...options, agent: { ...noopAgent(), name }, grading: 'fresh' });
  Object.assign(attempt.facts, saved === undefined ? { answer: textOf(work.answer) } : agentFacts(saved));
  attempt.events.emit('task.started', { variant: task.variant, priceDollars: task.price, title: task.title });
  let ending: Score | { thrown: unknown };
  try {
    ending = await gradeAttempt(attempt, freshSession(attempt, runtime, work, base));
  } catch (thrown) {
    ending = { thrown };
  }
  return finishAttempt(attempt, ending);
}

interface WorkToGrade {
  readonly work: CollectedWork;
  /** What the patch was taken from: one that does not apply there any more is a fault, since it applied once. */
  readonly base: BaseTree | undefined;
}

function givenWork({ task, scorer, patch, answer }: GradeTaskOptions): WorkToGrade {
  if (needsPatch(task, scorer) && patch === undefined) {
    throw new ConfigurationError(
      `Task ${task.id} is an IC task: pass the \`patch\` to grade (an empty text for none).`,
    );
  }
  return {
    work: {
      patch: patch === undefined ? undefined : patchFrom(bytesOf(patch)),
      answer: answer === undefined ? undefined : bytesOf(answer),
    },
    base: undefined,
  };
}

function savedWork(
  { task, scorer, patch, answer }: GradeTaskOptions,
  saved: UngradedResult | TaskResult,
): WorkToGrade {
  if (patch !== undefined || answer !== undefined) {
    throw new ConfigurationError('Pass `saved`, or `patch` and `answer`: not both.');
  }
  if (saved.taskId !== task.id) {
    throw new ConfigurationError(`The saved work is of task ${saved.taskId}, not of ${task.id}.`);
  }
  if (needsPatch(task, scorer) && saved.patch === undefined) {
    throw new ConfigurationError(
      `The saved result of task ${task.id} has no patch: its agent did not come to an end. Run it again with runTask.`,
    );
  }
  return {
    work: {
      patch: saved.patch && fromResultPatch(saved.patch),
      answer: saved.answer === undefined ? undefined : Buffer.from(saved.answer),
    },
    base: saved.patch?.baseTree === undefined ? undefined : { tree: saved.patch.baseTree },
  };
}

function needsPatch(task: Task, scorer: Scorer | undefined): boolean {
  return task.variant === 'ic_swe' && scorer?.answerFile === undefined;
}

/** What the new result keeps of the agent's attempt. */
function agentFacts(saved: UngradedResult | TaskResult): Partial<AttemptFacts> {
  const { usage, endedByLimit, message, agentMetadata, promptVersion, image, network, patch, answer } = saved;
  return {
    usage,
    endedByLimit,
    message,
    agentMetadata,
    promptVersion,
    image,
    network,
    patch,
    answer,
    phases: { ...saved.phases },
    workOf: saved.workOf ?? saved.attempt,
  };
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content;
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder().decode(bytes);
}
