import type { ResultRecord } from '../result/task-result.js';
import { groupBy } from './group-by.js';
import type { Metric } from './metric.js';
import { scoredOnly } from './money.js';
import type { FlakeReport } from './run-summary-schema.js';

/** Where the same thing came out differently. Give it every attempt; the last ones of each sample do, but hide retries. */
export const flakes: Metric<FlakeReport> = {
  name: 'flakes',
  compute: (attempts) => {
    const scored = scoredOnly(attempts);
    const severalTries = scored.filter(({ tries }) => exitCodesOf(tries).length > 1);
    return {
      samplesWithSeveralTries: severalTries.length,
      mixedTries: severalTries
        .filter(({ tries }) => new Set(exitCodesOf(tries).map((code) => code === 0)).size > 1)
        .map(({ taskId, epoch, attempt, tries }) => ({
          taskId,
          epoch,
          attempt,
          exitCodes: tries.map(({ exitCode }) => exitCode),
        })),
      samePatch: mixed(
        scored.filter(({ patch }) => patch !== undefined),
        ({ taskId, patch }) => `${taskId} ${patch?.sha256 ?? ''}`,
      ).map(({ first, passed, failed }) => ({
        taskId: first.taskId,
        sha256: first.patch?.sha256 ?? '',
        passed,
        failed,
      })),
      mixedEpochs: mixed(scored, ({ taskId }) => taskId).map(({ first, passed, failed }) => ({
        taskId: first.taskId,
        passed,
        failed,
      })),
      retried: retriedSamples(attempts),
    };
  },
};

type Scored = ReturnType<typeof scoredOnly>[number];

/** Groups with both passes and failures. */
function mixed(scored: readonly Scored[], keyOf: (result: Scored) => string) {
  return [...groupBy(scored, keyOf).values()].flatMap((members) => {
    const passed = members.filter((result) => result.passed).length;
    const [first] = members;
    if (first === undefined || passed === 0 || passed === members.length) return [];
    return [{ first, passed, failed: members.length - passed }];
  });
}

function retriedSamples(attempts: readonly ResultRecord[]): FlakeReport['retried'] {
  const samples = groupBy(attempts, ({ taskId, epoch }) => `${taskId} ${epoch}`);
  return [...samples.values()].flatMap((members) => {
    const [first] = members;
    const last = Math.max(...members.map(({ attempt }) => attempt));
    if (first === undefined || last === 1) return [];
    const codes = members.flatMap((result) => (result.status === 'error' ? [result.error.code] : []));
    return [{ taskId: first.taskId, epoch: first.epoch, attempts: last, codes }];
  });
}

/** Rounds that came as far as pytest. */
function exitCodesOf(tries: Scored['tries']): number[] {
  return tries.flatMap(({ exitCode }) => exitCode ?? []);
}
