import type { InspectEvent, InspectObject } from './log-format.js';

/** An event without what every event has. */
export type EventContent = InspectObject & Pick<InspectEvent, 'event'>;

/** Where and when: what every event has. */
export interface EventPlace {
  readonly timeMs: number;
  readonly spanId?: string | undefined;
}

export type PlacedContent = EventPlace & { readonly content: EventContent };
