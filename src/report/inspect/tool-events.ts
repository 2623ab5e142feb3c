import type { TranscriptMessage } from '../../agent/transcript/transcript-entry.js';
import type { EventOf } from '../../events/event.js';
import { contentParts, textOf } from '../../model/message-content.js';
import type { ToolInput } from '../../model/model-client.js';
import type { Attachments } from './attachments.js';
import type { InspectJson, InspectObject } from './log-format.js';
import { plain } from './log-json.js';
import { argumentsOf } from './log-messages.js';
import type { EventContent } from './placed-content.js';

/** A call of a tool, at its start, with what it was answered. */
export function toolEvent(
  { callId, tool, input }: Pick<EventOf<'tool.called'>, 'callId' | 'tool' | 'input'>,
  answer: TranscriptMessage | undefined,
  attachments: Attachments,
): EventContent {
  return {
    event: 'tool',
    type: 'function',
    id: callId,
    function: tool,
    arguments: referring(argumentsOf(asInput(input)), attachments),
    ...resultOf(answer, attachments),
    completed: answer?.time,
  };
}

/** The calls of a model's answer, where no event tells of them. */
export function toolEventsOf(
  { message }: TranscriptMessage,
  answerTo: (callId: string) => TranscriptMessage | undefined,
  attachments: Attachments,
): readonly EventContent[] {
  if (message.role !== 'assistant') return [];
  return (message.toolCalls ?? []).map(({ id, name, input }) =>
    toolEvent(
      { callId: id, tool: name, input: input.valid ? input.value : input.text },
      answerTo(id),
      attachments,
    ),
  );
}

/** Events carry the arguments themselves, or their text where it was no JSON. */
function asInput(input: unknown): ToolInput {
  return typeof input === 'string' ? { valid: false, text: input, error: '' } : { valid: true, value: input };
}

/** Texts stand as they are: in a tool's result, readers resolve nothing but media. */
function resultOf(answer: TranscriptMessage | undefined, attachments: Attachments): InspectObject {
  if (answer?.message.role !== 'tool') return { result: '' };
  const { message } = answer;
  const text = textOf(message);
  if (message.isError === true) {
    return { result: '', error: { type: 'unknown', message: text }, failed: true };
  }
  const parts = contentParts(message.content);
  if (parts.every(({ type }) => type === 'text')) return { result: text };
  return {
    result: parts.map((part) =>
      part.type === 'text'
        ? { type: 'text', text: part.text }
        : { type: 'image', image: attachments.refer(`data:${part.mediaType};base64,${part.data}`) },
    ),
  };
}

/** Long texts anywhere in a value as references. */
function referring<Value extends InspectJson | undefined>(value: Value, attachments: Attachments): Value;
function referring(value: InspectJson | undefined, attachments: Attachments): InspectJson | undefined {
  if (typeof value === 'string') return attachments.refer(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return plain(value.map((member: InspectJson) => referring(member, attachments)));
  return Object.fromEntries(
    Object.entries(value as InspectObject).map(([name, member]) => [name, referring(member, attachments)]),
  );
}
