import type { SweManagerTask, Task } from '../dataset/task.js';
import { ratio, scoredOnly, sumDollars } from './money.js';
import type { Metric } from './metric.js';
import type { ManagerBaselines } from './run-summary-schema.js';

/**
 * What choosing without reading would have scored on the same manager samples. A manager's score says little without it:
 * on the published lite file the first proposal is right in a third of the tasks. Undefined where no scored manager
 * sample has its task among `tasks`.
 */
export function managerBaselines(tasks: Iterable<Task>): Metric<ManagerBaselines | undefined> {
  const known = new Map(
    Array.from(tasks).flatMap((task) => (task.variant === 'swe_manager' ? [[task.id, task] as const] : [])),
  );
  return {
    name: 'manager_baselines',
    compute: (results) => {
      const scored = scoredOnly(results).filter(({ variant }) => variant === 'swe_manager');
      const samples = scored.flatMap((result) => {
        const task = known.get(result.taskId);
        return task === undefined ? [] : [{ result, task }];
      });
      const guess = (chance: (sample: (typeof samples)[number]) => number) => {
        const chances = samples.map(chance);
        return {
          accuracy: ratio(sum(chances), samples.length) ?? 0,
          earned: sumDollars([sum(samples.map(({ result }, i) => result.available * (chances[i] ?? 0)))]),
        };
      };
      if (samples.length === 0) return undefined;
      return {
        samples: samples.length,
        score: guess(({ result }) => result.score),
        uniformGuess: guess(({ task }) => 1 / task.proposalIds.length),
        alwaysFirst: guess(({ task }) => Number(isCorrect(task, task.proposalIds[0]))),
        alwaysLast: guess(({ task }) => Number(isCorrect(task, task.proposalIds.at(-1)))),
        unknownTasks: [...new Set(scored.map(({ taskId }) => taskId))].filter((id) => !known.has(id)),
      };
    },
  };
}

function isCorrect(task: SweManagerTask, choice: number | undefined): boolean {
  return choice === task.secrets.correctProposalId;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
