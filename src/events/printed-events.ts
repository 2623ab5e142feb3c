import type { EventType } from './event.js';

const printed: ReadonlySet<EventType> = new Set<EventType>([
  'command.output',
  'command.late_output',
  'model.output',
  'tool.output',
]);

/** Whether events of a type carry what commands, models and tools print: the only ones that may be dropped, or left out of files. */
export function isPrinted(type: EventType): boolean {
  return printed.has(type);
}
