import type { InspectObject } from './log-format.js';
import type { EventContent } from './placed-content.js';

export interface InspectLimit {
  readonly event: EventContent;
  /** The sample's own `limit`. */
  readonly member: InspectObject;
}

/** A limit of ours under the name Inspect has for it. Time is in seconds there. */
export function inspectLimit(limit: string, value: number): InspectLimit {
  const type = limitTypes.get(limit) ?? 'custom';
  const inTheirUnit = limit.endsWith('Ms') ? value / 1_000 : value;
  const message = `The limit ${limit} of ${value} ended the agent.`;
  return {
    event: { event: 'sample_limit', type, message, limit: inTheirUnit },
    member: { type, limit: inTheirUnit, reason: message },
  };
}

export function limitType(limit: string): string {
  return limitTypes.get(limit) ?? 'custom';
}

/** A reader rejects a log whose limit it does not know. */
const limitTypes: ReadonlyMap<string, string> = new Map([
  ['turns', 'turn'],
  ['inputTokens', 'token'],
  ['outputTokens', 'token'],
  ['costDollars', 'cost'],
  ['modelMs', 'working'],
  ['wallClockMs', 'time'],
]);
