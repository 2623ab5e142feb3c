import { redactTexts, type Redactor } from '../redaction.js';
import type { EventMap, EventType } from './event.js';
import { createEventScope, type EventScope } from './event-scope.js';

/** What models ask of tools and what these answer is nobody's to redact before. Commands have been, by their computer. */
const raw: ReadonlySet<EventType> = new Set<EventType>(['tool.called', 'tool.output', 'tool.failed']);

/** The same scope, whose events of tools are without the secrets that `redactor` knows by then. */
export function redactedScope(scope: EventScope, redactor: Redactor): EventScope {
  return createEventScope(
    <T extends EventType>(type: T, data: EventMap[T], context: EventScope['context']) =>
      // Redaction keeps the shape: only texts change.
      scope.within(context).emit(type, raw.has(type) ? (redactTexts(data, redactor) as EventMap[T]) : data),
    scope.context,
    (type) => scope.isHeard(type),
  );
}
