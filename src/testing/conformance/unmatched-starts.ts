import type { EventType, SweLancerEvent } from '../../events/event.js';

/** Which events end what an event started. */
const ends: Partial<Record<EventType, readonly EventType[]>> = {
  'phase.started': ['phase.finished', 'phase.failed'],
  'computer.starting': ['computer.started', 'computer.start_failed'],
  'computer.cleanup.started': ['computer.cleanup.finished', 'computer.cleanup.failed'],
  'computer.snapshot.started': ['computer.snapshot.finished', 'computer.snapshot.failed'],
  'network.changing': ['network.changed', 'network.change_failed'],
  'image.pull.started': ['image.pull.finished', 'image.pull.failed'],
  'command.started': ['command.finished', 'command.timed_out', 'command.aborted', 'command.failed'],
  'file.upload.started': ['file.upload.finished', 'file.upload.failed'],
  'file.download.started': ['file.download.finished', 'file.download.failed'],
  'agent.turn.started': ['agent.turn.finished'],
  'model.requested': ['model.responded', 'model.failed'],
  'tool.called': ['tool.returned', 'tool.failed'],
  'user_tool.started': ['user_tool.finished', 'user_tool.failed'],
  'scoring.started': ['scoring.decided', 'scoring.failed'],
  'scoring.try.started': ['scoring.try.finished', 'scoring.try.failed'],
  'artifacts.collecting': ['artifacts.collected', 'artifacts.failed'],
  'task.started': ['task.finished'],
  'run.started': ['run.finished'],
};

/** One line for each start in a log that does not have exactly one end, and for each word after an end. Empty when all is well. */
export function unmatchedStarts(events: readonly SweLancerEvent[]): readonly string[] {
  const spans = new Map<string | undefined, SweLancerEvent[]>();
  for (const event of events) {
    const span = spans.get(event.spanId);
    if (span === undefined) spans.set(event.spanId, [event]);
    else span.push(event);
  }
  return events.flatMap((start) => {
    const expected = ends[start.type];
    if (expected === undefined) return [];
    const inSpan = spans.get(start.spanId) ?? [];
    const matching = inSpan.filter((event) => expected.includes(event.type));
    const title = `${start.type} (event ${start.seq})`;
    const [end] = matching;
    if (end === undefined || matching.length > 1) return [`${title} has ${matching.length} ends`];
    return inSpan.some((event) => event.type === 'command.output' && event.seq > end.seq)
      ? [`${title} has output after its end`]
      : [];
  });
}
