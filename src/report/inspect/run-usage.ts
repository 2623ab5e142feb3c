import { distinctWork } from '../../metrics/distinct-work.js';
import type { ResultRecord } from '../../result/task-result.js';
import { attemptKeyText } from '../../store/sample-key.js';
import type { ReadRun } from '../read-run.js';
import type { AttemptReader } from './attempt-reader.js';
import { sumByModel, type UsageByModel, usageByModel } from './model-usage.js';

/** What one agent's work cost, and under which model to count what no call tells of. */
export interface SpentOnWork {
  readonly model: string;
  readonly usage: UsageByModel;
}

/**
 * What a run has spent on each model, of the same work as its cost summary: every attempt once, those without a result and
 * those that died with a worker too. Most of it is in no sample's usage.
 *
 * @param known of work whose transcript has been read already, by `workKey`.
 */
export async function runUsage(
  { attempts, unfinished }: Pick<ReadRun, 'attempts' | 'unfinished'>,
  files: AttemptReader,
  model: string,
  known: ReadonlyMap<string, SpentOnWork>,
): Promise<UsageByModel> {
  const usages: UsageByModel[] = [];
  for (const record of distinctWork(attempts.map(({ result }) => result))) {
    const work = known.get(workKey(record)) ?? (await spentOn(record, files, model));
    usages.push(work.usage);
    if (record.lostUsage !== undefined) usages.push(usageByModel(record.lostUsage, undefined, work.model));
  }
  for (const { usage, ...key } of unfinished) {
    if (usage === undefined) continue;
    const transcript = await files.transcript(key);
    // Not by its calls: the transcript may be further than what the journal, and so the cost summary, knows.
    usages.push(usageByModel(usage, undefined, transcript?.start.model ?? model));
  }
  return sumByModel(usages);
}

/** The same for all gradings of one agent's work. */
export function workKey(record: Pick<ResultRecord, 'taskId' | 'epoch' | 'attempt' | 'workOf'>): string {
  return attemptKeyText({ ...record, attempt: record.workOf ?? record.attempt });
}

async function spentOn(record: ResultRecord, files: AttemptReader, model: string): Promise<SpentOnWork> {
  const transcript = await files.transcript(record);
  return {
    model: transcript?.start.model ?? model,
    usage: usageByModel(record.usage, transcript, model),
  };
}
