import { noopAgent } from '../agent/noop-agent.js';
import type { ComputerRuntime } from '../computer/computer-interface.js';
import { ConfigurationError } from '../errors.js';
import type { Score } from '../scorer/scorer.js';
import { patchFrom } from '../swelancer/patch.js';
import { beginAttempt } from './attempt.js';
import type { CollectedWork } from './collect.js';
import { finishAttempt } from './finish-attempt.js';
import { freshSession, gradeAttempt } from './grade-attempt.js';
import { fromResultPatch } from './result-patch.js';
import type { RunTaskOptions } from './run-task-options.js';
import type { ResultPatch, TaskResult } from '../result/task-result.js';

export interface GradeTaskOptions
  extends Pick<
    RunTaskOptions,
    | 'task'
    | 'computers'
    | 'scorer'
    | 'deadlines'
    | 'events'
    | 'secrets'
    | 'signal'
    | 'runId'
    | 'epoch'
    | 'attempt'
  > {
  readonly runtime: ComputerRuntime;
  /** Who made the work, for the result. Default `external`. */
  readonly agentName?: string | undefined;
  /**
   * For IC tasks: a diff against the task's base, or the `patch` of an earlier result. git refusing the former is scored
   * as `patch_rejected`; refusing the latter is an error, since it applied once.
   */
  readonly patch?: string | Uint8Array | ResultPatch | undefined;
  /** For manager tasks: the answer file's content. Undefined for none. */
  readonly answer?: string | Uint8Array | undefined;
}

/** Grades work that was saved, or made elsewhere, in a fresh computer. No agent runs. */
export async function gradeTask(options: GradeTaskOptions): Promise<TaskResult> {
  const { task, patch, answer, runtime } = options;
  if (task.variant === 'ic_swe' && patch === undefined) {
    throw new ConfigurationError(
      `Task ${task.id} is an IC task: pass the \`patch\` to grade (an empty text for none).`,
    );
  }
  const name = options.agentName ?? 'external';
  const attempt = beginAttempt({ ...options, agent: { ...noopAgent(), name }, grading: 'fresh' });
  attempt.events.emit('task.started', { variant: task.variant, priceDollars: task.price, title: task.title });
  const saved = typeof patch === 'object' && 'content' in patch ? patch : undefined;
  attempt.facts.patch = saved;
  const work: CollectedWork = {
    patch: patch === undefined ? undefined : saved ? fromResultPatch(saved) : patchFrom(bytesOf(patch)),
    answer: answer === undefined ? undefined : bytesOf(answer),
  };
  attempt.facts.answer = work.answer && new TextDecoder().decode(work.answer);
  const base = saved?.baseTree === undefined ? undefined : { tree: saved.baseTree };
  let ending: Score | { thrown: unknown };
  try {
    ending = await gradeAttempt(attempt, freshSession(attempt, runtime, work, base));
  } catch (thrown) {
    ending = { thrown };
  }
  return finishAttempt(attempt, ending);
}

function bytesOf(content: string | Uint8Array | ResultPatch): Uint8Array {
  if (typeof content === 'string') return Buffer.from(content);
  if (content instanceof Uint8Array) return content;
  return Buffer.from(content.content, content.encoding);
}
