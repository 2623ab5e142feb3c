import type { EventOf, SweLancerEvent } from '../../events/event.js';
import type { Attachments } from './attachments.js';
import { CommandOutput, isCommandEnding } from './command-output.js';
import { failedModelEvent, modelEvent } from './model-events.js';
import { inspectError } from './log-error.js';
import type { InspectEvent } from './log-format.js';
import { plain } from './log-json.js';
import { inspectLimit } from './log-limit.js';
import type { EventContent, PlacedContent } from './placed-content.js';
import { fileEvent, commandEvent } from './sandbox-events.js';
import { type SampleFacts, sampleScores, sampleTarget } from './sample-facts.js';
import { SpanPlaces } from './span-places.js';
import { toolEvent, toolEventsOf } from './tool-events.js';
import { TranscriptCursor } from './transcript-cursor.js';

/**
 * Our events of a sample, and its transcript, as Inspect's. An answer of a model that no event tells of comes at the end, so
 * that a run without kept events still shows its conversation. Spans are closed and a score is told, whatever was cut off.
 */
export async function* sampleEvents(
  source: AsyncIterable<SweLancerEvent>,
  facts: SampleFacts,
  attachments: Attachments,
): AsyncGenerator<InspectEvent> {
  const translation = new Translation(facts, attachments);
  let count = 0;
  const complete = ({ timeMs, spanId, content }: PlacedContent): InspectEvent => ({
    ...content,
    uuid: `${facts.uuid}e${++count}`,
    timestamp: new Date(timeMs).toISOString(),
    working_start: Math.max(0, (timeMs - facts.startedAtMs) / 1_000),
    span_id: spanId,
  });
  for await (const event of source) yield* translation.of(event).map(complete);
  yield* translation.rest().map(complete);
}

class Translation {
  readonly #facts: SampleFacts;
  readonly #attachments: Attachments;
  readonly #cursor: TranscriptCursor;
  readonly #commands = new CommandOutput();
  readonly #places = new SpanPlaces();
  #lastMs: number;
  #scored = false;

  constructor(facts: SampleFacts, attachments: Attachments) {
    this.#facts = facts;
    this.#attachments = attachments;
    this.#cursor = new TranscriptCursor(facts.transcript);
    this.#lastMs = facts.startedAtMs;
  }

  of(event: SweLancerEvent): readonly PlacedContent[] {
    // A line a crash or a slow disk has left incomplete has no time.
    if (Number.isFinite(event.time)) this.#lastMs = event.time;
    const timeMs = this.#lastMs;
    const here = (content: EventContent, at = timeMs): PlacedContent => ({
      timeMs: at,
      spanId: this.#places.of(event),
      content,
    });
    if (isCommandEnding(event)) {
      const command = this.#commands.ended(event);
      return command === undefined ? [] : [here(commandEvent(event, command), command.started.time)];
    }
    switch (event.type) {
      case 'command.started':
        this.#commands.started(event);
        this.#places.of(event);
        return [];
      case 'command.output':
        this.#commands.printed(event);
        return [];
      case 'phase.started':
        return [this.#begin(event, timeMs, ...phaseSpan(event, this.#facts.result.agent))];
      case 'user_tool.started':
        return [this.#begin(event, timeMs, 'user tool', 'tool')];
      case 'tool.called':
        return [
          this.#begin(event, timeMs, event.tool, 'tool'),
          here(toolEvent(event, this.#cursor.nextResult(event.callId), this.#attachments)),
        ];
      case 'tool.returned':
      case 'tool.failed':
      case 'phase.finished':
        return this.#end(event, timeMs);
      case 'phase.failed':
      case 'user_tool.finished':
      case 'user_tool.failed':
        return [here(information(event)), ...this.#end(event, timeMs)];
      case 'model.responded': {
        const answer = this.#cursor.nextAnswer();
        const content = modelEvent(answer, event, this.#facts, this.#attachments);
        return [here(content, timeMs - event.durationMs)];
      }
      case 'model.failed':
        return [here(failedModelEvent(event, this.#cursor.asked, this.#facts), timeMs - event.durationMs)];
      case 'file.upload.finished':
      case 'file.upload.failed':
      case 'file.download.finished':
      case 'file.download.failed':
        return [here(fileEvent(event), timeMs - event.durationMs)];
      case 'limit.reached':
        return [here(inspectLimit(event.limit, event.value).event)];
      case 'scoring.decided':
        return this.#scores(here);
      default:
        if (told.has(event.type)) return [here(information(event))];
        // Its span may be the parent of another.
        this.#places.of(event);
        return [];
    }
  }

  rest(): readonly PlacedContent[] {
    const timeMs = this.#lastMs;
    const last = (content: EventContent): PlacedContent => ({ timeMs, content });
    const conversation: PlacedContent[] = [];
    for (let answer = this.#cursor.nextAnswer(); answer !== undefined; answer = this.#cursor.nextAnswer()) {
      const at = Date.parse(answer.entry.time);
      conversation.push({
        timeMs: at - answer.call.durationMs,
        content: modelEvent(answer, undefined, this.#facts, this.#attachments),
      });
      const tools = toolEventsOf(answer.entry, (id) => this.#cursor.nextResult(id), this.#attachments);
      conversation.push(...tools.map((content) => ({ timeMs: at, content })));
    }
    const { result } = this.#facts;
    return [
      ...this.#places.closeAll().map((id) => last({ event: 'span_end', id })),
      ...conversation,
      ...(this.#scored ? [] : this.#scores(last)),
      ...(result.status === 'error' ? [last({ event: 'error', error: inspectError(result.error) })] : []),
    ];
  }

  #begin(event: SweLancerEvent, timeMs: number, name: string, type: string): PlacedContent {
    const around = this.#places.open(event);
    const id = event.spanId ?? '';
    return { timeMs, spanId: id, content: { event: 'span_begin', id, parent_id: around, name, type } };
  }

  #end(event: SweLancerEvent, timeMs: number): readonly PlacedContent[] {
    if (!this.#places.close(event)) return [];
    const id = event.spanId ?? '';
    return [{ timeMs, spanId: id, content: { event: 'span_end', id } }];
  }

  #scores(place: (content: EventContent) => PlacedContent): readonly PlacedContent[] {
    const { result } = this.#facts;
    const scores = sampleScores(result);
    if (scores === undefined) return [];
    this.#scored = true;
    return Object.entries(scores).map(([scorer, score]) =>
      place({ event: 'score', scorer, score, target: sampleTarget(result), intermediate: false }),
    );
  }
}

function phaseSpan({ phase }: EventOf<'phase.started'>, agent: string): [name: string, type: string] {
  // The viewer folds away what is of type `agent`: to it that is a helper of the agent.
  if (phase === 'solve') return [agent, 'solver'];
  return phase === 'grade' ? ['grade', 'scorers'] : [phase ?? 'phase', 'init'];
}

/** An event that Inspect has no kind for. */
function information(event: SweLancerEvent): EventContent {
  const own = Object.entries(event).filter(([name]) => !inEveryEvent.has(name));
  return { event: 'info', source: 'swelancer', data: plain(Object.fromEntries(own)) };
}

/** Said by an event's place in the log. The computer's id and the type are not. */
const inEveryEvent: ReadonlySet<string> = new Set<keyof SweLancerEvent>([
  'schema',
  'seq',
  'time',
  'elapsedMs',
  'runId',
  'taskId',
  'epoch',
  'attempt',
  'phase',
  'spanId',
  'parentSpanId',
]);

/** Told as information. Starts are left out: each has an end that says more. */
const told: ReadonlySet<SweLancerEvent['type']> = new Set<SweLancerEvent['type']>([
  'task.retrying',
  'computer.created',
  'computer.start_failed',
  'computer.degraded',
  'computer.lost',
  'computer.cleanup.failed',
  'computer.snapshot.finished',
  'computer.snapshot.failed',
  'network.changed',
  'network.change_failed',
  'image.pull.finished',
  'image.pull.failed',
  'command.reattached',
  'model.retried',
  'context.trimmed',
  'patch.extracted',
  'scoring.try.finished',
  'scoring.try.failed',
  'scoring.failed',
  'artifacts.collected',
  'artifacts.failed',
  'diagnostic',
]);
