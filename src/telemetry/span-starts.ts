import { type Attributes, SpanKind } from '@opentelemetry/api';
import type { SweLancerEvent } from '../events/event.js';
import { genAi, swelancer } from './conventions.js';

export interface SpanStart {
  /** One of few: what tells spans apart is in their attributes. Of an agent, a model or a tool it has the name. */
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
}

export interface SpanStartOptions {
  readonly captureContent: boolean;
  readonly providerOf: (model: string) => string;
}

/** The span an event begins. Undefined for every other event. */
export function spanStart(event: SweLancerEvent, options: SpanStartOptions): SpanStart | undefined {
  switch (event.type) {
    case 'run.started':
      return span('run', {
        'swelancer.run.tasks': event.tasks,
        'swelancer.run.samples': event.samples,
        'swelancer.run.available': event.availableDollars,
      });
    case 'task.started':
      return span('task', {
        [swelancer.variant]: event.variant,
        'swelancer.task.price': event.priceDollars,
        ...(options.captureContent && { 'swelancer.task.title': event.title }),
      });
    case 'phase.started':
      if (event.phase !== 'solve') return span(event.phase ?? 'phase', {});
      return span(event.agent === undefined ? 'invoke_agent' : `invoke_agent ${event.agent}`, {
        [genAi.operation]: 'invoke_agent',
        [genAi.agentName]: event.agent,
        [genAi.conversation]: conversationOf(event),
      });
    case 'agent.turn.started':
      return span('turn', { 'swelancer.turn': event.turn });
    case 'model.requested':
      return {
        name: `chat ${event.model}`,
        kind: SpanKind.CLIENT,
        attributes: {
          [genAi.operation]: 'chat',
          [genAi.provider]: options.providerOf(event.model),
          [genAi.requestModel]: event.model,
          [genAi.conversation]: conversationOf(event),
        },
      };
    case 'tool.called':
      return span(`execute_tool ${event.tool}`, {
        [genAi.operation]: 'execute_tool',
        [genAi.toolName]: event.tool,
        [genAi.toolType]: 'function',
        [genAi.toolCallId]: event.callId,
        ...(options.captureContent && { [genAi.toolArguments]: JSON.stringify(event.input) }),
      });
    case 'command.started':
      return span('command', {
        'swelancer.command.id': event.commandId,
        'swelancer.command.label': event.label,
        'swelancer.command.timeout': event.timeoutMs === undefined ? undefined : event.timeoutMs / 1_000,
        ...(options.captureContent && { 'swelancer.command.text': event.command }),
      });
    case 'computer.starting':
      return span('start computer', {
        'swelancer.computer.purpose': event.purpose,
        'swelancer.computer.runtime': event.runtime,
        'swelancer.computer.image': event.image,
      });
    case 'scoring.started':
      return span('score', { 'swelancer.scorer': event.scorer });
    case 'scoring.try.started':
      return span('try', { 'swelancer.try': event.try });
    case 'image.pull.started':
      return span('pull image', { 'swelancer.computer.image': event.image });
    case 'network.changing':
      return span('change network', { 'swelancer.network.policy': event.policy });
    case 'user_tool.started':
      return span('user tool', { 'swelancer.user_tool.place': event.place });
    default: {
      const name = plainStarts.get(event.type);
      return name === undefined ? undefined : span(name, {});
    }
  }
}

/** One attempt is one conversation. Undefined for calls of a model outside of any. */
function conversationOf({ runId, taskId, epoch, attempt }: SweLancerEvent): string | undefined {
  return taskId === undefined ? undefined : [runId, taskId, epoch, attempt].join('/');
}

function span(name: string, attributes: Attributes): SpanStart {
  return { name, kind: SpanKind.INTERNAL, attributes };
}

const plainStarts: ReadonlyMap<SweLancerEvent['type'], string> = new Map([
  ['computer.cleanup.started', 'clean up computer'],
  ['computer.snapshot.started', 'take snapshot'],
  ['file.upload.started', 'upload'],
  ['file.download.started', 'download'],
]);
