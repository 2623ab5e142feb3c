import type { Transcript } from '../../agent/transcript/transcript-entry.js';
import type { ResultRecord, TaskResult } from '../../result/task-result.js';
import type { InspectObject, InspectScore } from './log-format.js';
import { plain } from './log-json.js';
import { logId } from './log-ids.js';

/** What the parts of a sample are made from. */
export interface SampleFacts {
  readonly result: TaskResult | ResultRecord;
  readonly transcript: Transcript | undefined;
  /** For `uuid` members: unique in the world, the same in every export. */
  readonly uuid: string;
  readonly startedAtMs: number;
  /** Shown where the run does not say which model it was. */
  readonly defaultModel: string;
}

export function sampleUuid({ runId, taskId, epoch }: ResultRecord): string {
  return logId(runId, taskId, epoch);
}

export type ScoreName = 'earned' | 'correct';

/** Dollars and 0 or 1. Undefined for what was not scored: an unscored value would be NaN, which JSON does not have. */
export function sampleScores(result: ResultRecord): Record<ScoreName, InspectScore> | undefined {
  if (result.status !== 'scored') return undefined;
  const { answer, explanation, outcome, available } = result;
  const about = { answer, explanation };
  return {
    earned: { value: result.earned, ...about, metadata: { outcome, available_dollars: available } },
    correct: { value: result.score, ...about, metadata: { outcome } },
  };
}

/** What it takes to be paid. The answers themselves are not in a run's folder, nor here. */
export function sampleTarget({ variant }: ResultRecord): string {
  return variant === 'ic_swe' ? 'the end-to-end tests pass' : "the real manager's choice";
}

export function sampleMetadata(result: ResultRecord): InspectObject {
  const { taskId, variant, title, split, agent, scorer, attempt, workOf, promptVersion, grading, image } =
    result;
  return plain({
    task_id: taskId,
    variant,
    title,
    split,
    price_dollars: result.available,
    earned_dollars: result.earned,
    status: result.status,
    outcome: result.status === 'scored' ? result.outcome : undefined,
    agent,
    scorer,
    attempt,
    work_of_attempt: workOf,
    prompt_version: promptVersion,
    grading,
    image,
    setup: result.setup,
    network: result.network && { policy: result.network.policy, method: result.network.method },
    ended_by_limit: result.endedByLimit,
    last_words: result.message,
    phases_ms: result.phases,
    usage: result.usage,
    patch: result.patch && {
      sha256: result.patch.sha256,
      bytes: result.patch.bytes,
      files: result.patch.files,
    },
    test_exit_codes: result.status === 'scored' ? result.tries.map(({ exitCode }) => exitCode) : undefined,
    agent_metadata: result.agentMetadata,
    warnings: result.warnings.length === 0 ? undefined : result.warnings,
  }) as InspectObject; // An object's plain form is one.
}
