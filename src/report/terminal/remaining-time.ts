import type { EvalProgress, InFlight } from '../../eval/progress.js';
import type { PastDurations } from '../../eval/sample-order.js';
import type { ResultRecord } from '../../result/task-result.js';
import { isWholeSample } from '../../result/whole-sample.js';

/** What this session has learnt about a task. */
export interface TaskTimes {
  /** That are done, by an error too. */
  readonly samples: number;
  /** Those among them that tell how long one takes, and how long they took together. */
  readonly timed: number;
  readonly totalMs: number;
}

/** @param times what was known before, undefined for nothing. */
export function timesWith(
  times: TaskTimes = { samples: 0, timed: 0, totalMs: 0 },
  result: Pick<ResultRecord, 'status' | 'workOf' | 'durationMs'>,
): TaskTimes {
  const whole = isWholeSample(result);
  return {
    samples: times.samples + 1,
    timed: times.timed + (whole ? 1 : 0),
    totalMs: times.totalMs + (whole ? result.durationMs : 0),
  };
}

export interface RemainingTimeFacts {
  readonly progress: Pick<EvalProgress, 'samples' | 'finished' | 'meanSampleMs'>;
  readonly inFlight: readonly Pick<InFlight, 'taskId' | 'startedAt'>[];
  readonly epochs: number;
  readonly past: PastDurations;
  /** Of this session, by task. */
  readonly done: ReadonlyMap<string, TaskTimes>;
  readonly now: number;
}

/**
 * How long a run will still take, in milliseconds: the work that is left, shared among as many as are under way now, and
 * no less than the longest of these still needs. A task takes what it took in the past, corrected by how this session
 * compares with the past so far; one that nobody has timed takes the mean. Undefined where nothing is known or under way.
 */
export function remainingTime(facts: RemainingTimeFacts): number | undefined {
  const { progress, inFlight, past, now } = facts;
  const pending = Math.max(0, progress.samples - progress.finished - inFlight.length);
  if (inFlight.length === 0) return undefined;
  const pace = paceOf(facts);
  const usual = meanOfPending(facts) ?? mean([...past.values()]);
  const typical = usual === undefined ? progress.meanSampleMs : usual * pace;
  if (typical === undefined) return undefined;
  const running = inFlight.map(({ taskId, startedAt }) => {
    const known = past.get(taskId);
    return Math.max(0, (known === undefined ? typical : known * pace) - (now - startedAt));
  });
  const work = running.reduce((sum, ms) => sum + ms, pending * typical);
  return Math.max(...running, pending === 0 ? 0 : work / inFlight.length);
}

/** How many times as long as in the past the same samples took in this session. */
function paceOf({ past, done }: RemainingTimeFacts): number {
  let [before, now] = [0, 0];
  for (const [taskId, { timed, totalMs }] of done) {
    const known = past.get(taskId);
    if (known === undefined) continue;
    before += known * timed;
    now += totalMs;
  }
  return before > 0 ? now / before : 1;
}

/** Over the samples that are neither done nor under way, as far as this session knows. */
function meanOfPending({ past, done, inFlight, epochs }: RemainingTimeFacts): number | undefined {
  const taken = new Map<string, number>();
  for (const { taskId } of inFlight) taken.set(taskId, (taken.get(taskId) ?? 0) + 1);
  let [samples, totalMs] = [0, 0];
  for (const [taskId, ms] of past) {
    const left = Math.max(0, epochs - (taken.get(taskId) ?? 0) - (done.get(taskId)?.samples ?? 0));
    samples += left;
    totalMs += ms * left;
  }
  return samples === 0 ? undefined : totalMs / samples;
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
