import type { Task } from '../dataset/task.js';
import { ConfigurationError } from '../errors.js';
import { sampleKeyText } from '../store/sample-key.js';
import type { Sample } from './sample.js';

/**
 * Which samples begin first.
 * - `grouped`: tasks of one image together and a task's epochs one after another, so that images and set-ups are shared
 *   and can go after their last use. Else the dataset's order: a set-up has one task's files in it, so that tasks of one
 *   base commit have nothing more to share.
 * - `epochs`: every task once, then every task again: early figures over the whole dataset, images and set-ups kept long.
 * - a function: any order of the same samples.
 */
export type SampleOrder =
  | 'grouped'
  | 'epochs'
  /** Grouped, and the groups that took longest in an earlier run first, which shortens the whole. */
  | { readonly longestFirst: PastDurations }
  | ((samples: readonly Sample[]) => readonly Sample[]);

/** Milliseconds an average sample of each task took. Read from a run's folder by `pastDurations`. */
export type PastDurations = ReadonlyMap<string, number>;

export interface OrderOptions {
  readonly tasks: readonly Task[];
  readonly epochs: number;
  readonly order: SampleOrder;
  /** The image a task runs in. */
  readonly imageOf: (task: Task) => string;
}

export function orderSamples({ tasks, epochs, order, imageOf }: OrderOptions): readonly Sample[] {
  const numbers = Array.from({ length: epochs }, (_, index) => index + 1);
  if (order === 'epochs') return numbers.flatMap((epoch) => tasks.map((task) => ({ task, epoch })));
  const groups = new Map<string, Task[]>();
  for (const task of tasks) {
    const image = imageOf(task);
    const group = groups.get(image);
    if (group === undefined) groups.set(image, [task]);
    else group.push(task);
  }
  const past = typeof order === 'object' ? order.longestFirst : undefined;
  const sorted = past === undefined ? [...groups.values()] : longestFirst([...groups.values()], past);
  const samples = sorted.flat().flatMap((task) => numbers.map((epoch) => ({ task, epoch })));
  return typeof order === 'function' ? checked(order(samples), samples) : samples;
}

/** A sample that came twice would be done twice. @throws ConfigurationError */
function checked(ordered: readonly Sample[], samples: readonly Sample[]): readonly Sample[] {
  const text = ({ task, epoch }: Sample) => sampleKeyText({ taskId: task.id, epoch });
  const left = new Set(samples.map(text));
  const strange = ordered.find((sample) => !left.delete(text(sample)));
  if (strange === undefined && left.size === 0) return ordered;
  throw new ConfigurationError(
    strange === undefined
      ? `The order leaves out ${left.size} of ${samples.length} samples. Select tasks with the dataset's methods instead.`
      : `The order has sample ${strange.task.id}, epoch ${strange.epoch}, twice, or it is not one of the run's.`,
  );
}

/** A task nobody has timed counts as the longest there was: better early than last. */
function longestFirst(groups: readonly Task[][], past: PastDurations): Task[][] {
  const longest = Math.max(0, ...past.values());
  const of = (task: Task) => past.get(task.id) ?? longest;
  const total = (group: readonly Task[]) => group.reduce((sum, task) => sum + of(task), 0);
  return groups.map((group) => [...group].sort((a, b) => of(b) - of(a))).sort((a, b) => total(b) - total(a));
}
