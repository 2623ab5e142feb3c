import type { Transcript, TranscriptMessage } from '../../agent/transcript/transcript-entry.js';
import type { ContentPart, ToolCall } from '../../model/model-client.js';
import { textOf } from '../../model/message-content.js';
import { replayedToolInput } from '../../model/tool-input.js';
import type { Attachments } from './attachments.js';
import type { InspectMessage, InspectObject } from './log-format.js';
import { plain } from './log-json.js';

/** How texts and images stand in a message: as they are, or as references. */
export interface MessageForm {
  readonly text: (text: string) => string;
  readonly image: (dataUrl: string) => string;
}

/** For `messages`, which people read without resolving anything: only images are references, as Inspect has it. */
export function readableForm(attachments: Attachments): MessageForm {
  return { text: (text) => text, image: (url) => attachments.refer(url) };
}

/** For the pool that model events point into: every long text is a reference. */
export function referringForm(attachments: Attachments): MessageForm {
  return { text: (text) => attachments.refer(text), image: (url) => attachments.refer(url) };
}

/** The conversation, in order. Ids are unique in it. */
export function inspectMessages(
  transcript: Transcript | undefined,
  idPrefix: string,
  form: MessageForm,
): readonly InspectMessage[] {
  return (transcript?.messages ?? []).map((entry, index) =>
    inspectMessage(entry, `${idPrefix}-${index + 1}`, form),
  );
}

function inspectMessage({ message, call }: TranscriptMessage, id: string, form: MessageForm): InspectMessage {
  const content = contentOf(message.content, form);
  switch (message.role) {
    case 'system':
    case 'user':
      return { id, role: message.role, source: 'input', content };
    case 'tool':
      return {
        id,
        role: 'tool',
        content,
        tool_call_id: message.callId,
        function: message.toolName,
        ...(message.isError === true && { error: { type: 'unknown', message: textOf(message) } }),
      };
    case 'assistant':
      return {
        id,
        role: 'assistant',
        source: 'generate',
        model: call?.model,
        content:
          message.reasoning === undefined
            ? content
            : [
                { type: 'reasoning', reasoning: form.text(message.reasoning) },
                { type: 'text', text: form.text(message.content) },
              ],
        tool_calls: message.toolCalls?.map(inspectToolCall),
      };
  }
}

function contentOf(
  content: string | readonly ContentPart[],
  form: MessageForm,
): string | readonly InspectObject[] {
  if (typeof content === 'string') return form.text(content);
  return content.map((part) =>
    part.type === 'text'
      ? { type: 'text', text: form.text(part.text) }
      : { type: 'image', image: form.image(`data:${part.mediaType};base64,${part.data}`) },
  );
}

function inspectToolCall({ id, name, input }: ToolCall): InspectObject {
  return {
    id,
    type: 'function',
    function: name,
    arguments: argumentsOf(input),
    ...(!input.valid && { parse_error: input.error }),
  };
}

/** Inspect takes an object and nothing else. */
export function argumentsOf(input: ToolCall['input']): InspectObject {
  return plain(replayedToolInput(input)) as InspectObject; // An object's plain form is one.
}
