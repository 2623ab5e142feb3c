import { hadNoAgent } from '../metrics/cost-summary.js';
import { distinctWork } from '../metrics/distinct-work.js';
import { groupBy } from '../metrics/group-by.js';
import type { ResultRecord } from '../result/task-result.js';
import { usageSum } from '../result/usage-sum.js';
import type { SpentBeforeRecord } from '../store/journal-record.js';
import { type SampleKey, sampleKeyText } from '../store/sample-key.js';
import type { StoredRun } from '../store/stored-run.js';
import type { UnfinishedAttempt } from '../store/unfinished-attempts.js';

/** What is taken over from a run of one sample: the work of an attempt, or the attempt's result with all it tells. */
export type TakenOver =
  | { readonly type: 'work'; readonly attempt: number }
  | { readonly type: 'result'; readonly attempt: number };

/** What a run has spent on a sample beside what is taken over of it, each attempt by itself. */
export type SpentBeside = (sample: SampleKey, taken: TakenOver | undefined) => readonly SpentBeforeRecord[];

/** Reads it of the same attempts as the run's cost summary. @throws StoreError */
export async function spentBeside(run: StoredRun): Promise<SpentBeside> {
  const { ended, unfinished } = await run.allAttempts();
  const paid = groupBy(distinctWork(ended.map(({ result }) => result)), sampleKeyText);
  const open = groupBy(unfinished, sampleKeyText);
  return (sample, taken) => {
    const text = sampleKeyText(sample);
    return [
      ...(paid.get(text) ?? []).flatMap((record) => ofEnded(record, taken)),
      ...(open.get(text) ?? []).flatMap((attempt) => ofUnfinished(attempt, taken)),
    ];
  };
}

function ofEnded(record: ResultRecord, taken: TakenOver | undefined): readonly SpentBeforeRecord[] {
  const { attempt, usage, lostUsage } = record;
  const entry = { attempt, startedAt: Date.parse(record.startedAt) };
  if ((record.workOf ?? attempt) === taken?.attempt)
    // A work tells its own usage only.
    return taken.type === 'work' && lostUsage !== undefined ? [{ ...entry, usage: lostUsage }] : [];
  const isFree = usage.costDollars === undefined && hadNoAgent(record);
  const parts = [...(isFree ? [] : [usage]), ...(lostUsage === undefined ? [] : [lostUsage])];
  return [{ ...entry, ...(parts.length > 0 && { usage: usageSum(parts) }) }];
}

function ofUnfinished(
  { attempt, startedAt, usage, lost }: UnfinishedAttempt,
  taken: TakenOver | undefined,
): readonly SpentBeforeRecord[] {
  if (attempt !== taken?.attempt) return [{ attempt, startedAt, ...(usage !== undefined && { usage }) }];
  return lost === undefined ? [] : [{ attempt, startedAt, usage: lost }];
}
