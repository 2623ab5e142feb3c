import type { EvalStore } from './eval-store.js';
import type { Sample } from './sample.js';

/** After so many deaths of its process in a row a sample is suspected to be what kills it. */
const suspectDeaths = 3;

/**
 * Samples that may be what kills the process come last, those with fewer deaths first, and are to run alone: so that one
 * does not take others with it for ever.
 */
export function suspectsLast(
  samples: readonly Sample[],
  store: Pick<EvalStore, 'deaths'>,
): { readonly samples: readonly Sample[]; readonly isSuspect: (sample: Sample) => boolean } {
  const deathsOf = ({ task, epoch }: Sample) => store.deaths({ taskId: task.id, epoch });
  const deaths = new Map(samples.map((sample) => [sample, deathsOf(sample)]));
  const isSuspect = (sample: Sample) => (deaths.get(sample) ?? 0) >= suspectDeaths;
  const suspects = samples.filter(isSuspect).sort((a, b) => (deaths.get(a) ?? 0) - (deaths.get(b) ?? 0));
  return { samples: [...samples.filter((sample) => !isSuspect(sample)), ...suspects], isSuspect };
}
