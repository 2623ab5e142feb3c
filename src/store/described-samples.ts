import type { RunDescription } from './run-description.js';
import type { SampleKey } from './sample-key.js';

/** Every sample that a run is about: each task once in every epoch. */
export function describedSamples({ dataset, epochs }: RunDescription): readonly SampleKey[] {
  return dataset.tasks.flatMap(({ id: taskId }) =>
    Array.from({ length: epochs }, (_, index) => ({ taskId, epoch: index + 1 })),
  );
}
