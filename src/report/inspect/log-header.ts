import type { RunDescription } from '../../store/run-description.js';
import { type EpochReducers, reducerNames } from './epoch-reducers.js';
import type { InspectObject } from './log-format.js';
import { logId } from './log-ids.js';

/** Of the task; in file names and lists. Inspect splits names at `_`, so there is none. */
export const taskName = 'swelancer';

/** What was evaluated: `eval` of the log. */
export function evalSpec(
  run: RunDescription,
  { model, reducers }: { readonly model: string; readonly reducers: EpochReducers | undefined },
): InspectObject {
  const { runId, name, createdAt, agent, scorer, epochs, dataset, configuration, versions, rescoredFrom } =
    run;
  return {
    eval_id: logId('eval', runId),
    run_id: logId('run', runId),
    task_id: logId('task', runId),
    created: createdAt,
    task: taskName,
    task_display_name: name,
    task_version: 1,
    task_args: {},
    solver: agent,
    dataset: {
      name: 'SWE-Lancer',
      samples: dataset.tasks.length,
      sample_ids: dataset.tasks.map(({ id }) => id),
      shuffled: false,
    },
    model,
    model_generate_config: {},
    model_args: {},
    config: {
      epochs,
      ...(reducers !== undefined && { epochs_reducer: reducerNames(reducers) }),
      fail_on_error: false,
    },
    packages: { swelancer: versions['swelancer'] ?? 'unknown' },
    metadata: {
      run_id: runId,
      ...(rescoredFrom !== undefined && { rescored_from: rescoredFrom }),
      dataset_fingerprint: dataset.fingerprint,
      available_dollars: dataset.tasks.reduce((sum, { price }) => sum + price, 0) * epochs,
      scorer,
      configuration,
      versions,
    },
  };
}

export function evalPlan({ agent }: RunDescription): InspectObject {
  return { name: 'plan', steps: [{ solver: agent, params: {}, params_passed: {} }], config: {} };
}

/**
 * The name Inspect gives the file of such a log, for a folder of logs. Its parts are split at `_`.
 * Such as `2026-01-31T12-00-00-00-00_swelancer_<id>.eval`.
 */
export function inspectLogName({ createdAt, runId }: Pick<RunDescription, 'createdAt' | 'runId'>): string {
  const created = new Date(createdAt).toISOString().replace(/\.\d+Z$/, '+00:00');
  return `${created.replace(/[:+]/g, '-')}_${taskName}_${logId('task', runId)}.eval`;
}
