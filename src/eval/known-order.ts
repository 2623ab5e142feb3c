import type { EvalOptions } from './eval-options.js';
import { pastDurations } from './past-durations.js';
import type { SampleOrder } from './sample-order.js';

/**
 * The order that was asked for, with what the run's own folder knows of how long tasks take: over what an earlier run told,
 * and by default. Any other order stays as it is.
 */
export async function knownOrder({
  order,
  store,
}: Pick<EvalOptions, 'order' | 'store'>): Promise<SampleOrder> {
  const given = typeof order === 'object' ? order.longestFirst : undefined;
  if (store === undefined || (order !== undefined && given === undefined)) return order ?? 'grouped';
  const own = await pastDurations(store);
  if (own.size === 0) return order ?? 'grouped';
  return { longestFirst: new Map([...(given ?? []), ...own]) };
}
