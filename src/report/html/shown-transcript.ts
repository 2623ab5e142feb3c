import type { Transcript, TranscriptMessage } from '../../agent/transcript/transcript-entry.js';
import { contentParts } from '../../model/message-content.js';
import { counted, count, dollars, duration } from '../figures.js';
import { visibleText } from '../visible-text.js';
import type { ShownMessage, ShownTranscript } from './attempt-detail.js';
import type { MediaBudget, TextLimits } from './limits.js';
import { shownText } from './shown-text.js';

/** A transcript for the page. Where it is too long, messages of its middle are left out: its beginning and its end tell most. */
export function shownTranscript(
  { start, messages, end }: Transcript,
  link: string,
  limits: TextLimits,
  media: MediaBudget,
): ShownTranscript {
  const shown = messages.map((message) => shownMessage(message, link, limits, media));
  const { head, tail } = bothEnds(shown.map(sizeOf), limits.transcript);
  const facts = [
    start.agent,
    start.model,
    `prompt ${start.promptVersion}`,
    counted(messages.length, 'message'),
  ];
  return {
    facts: visibleText(facts.filter(Boolean).join(' · ')),
    messages: [...shown.slice(0, head), ...shown.slice(shown.length - tail)],
    omitted: shown.length - head - tail,
    omittedAfter: head,
    link,
    ending: visibleText(endingOf(end)),
  };
}

function endingOf(end: Transcript['end']): string {
  if (end === undefined) return 'The transcript was cut off here.';
  if (end.error !== undefined) return `Ended by an error: ${end.error.message}`;
  if (end.endedByLimit !== undefined) return `Ended by the limit ${end.endedByLimit}.`;
  return 'The agent ended.';
}

function shownMessage(
  { message, turn, call }: TranscriptMessage,
  link: string,
  limits: TextLimits,
  media: MediaBudget,
): ShownMessage {
  const parts = contentParts(message.content);
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const pictures = parts.flatMap((part) => (part.type === 'image' ? [part] : []));
  const images = pictures.filter(
    ({ mediaType, data }) => safeTypes.has(mediaType) && media.take(data.length),
  );
  const facts = [
    turn > 0 && `turn ${turn}`,
    call !== undefined && `${count(call.usage.inputTokens)} tokens in`,
    call !== undefined && `${count(call.usage.outputTokens)} out`,
    call?.costDollars !== undefined && dollars(call.costDollars),
    call !== undefined && duration(call.durationMs),
    call !== undefined && call.stopReason,
    call?.failedAttempts !== undefined && counted(call.failedAttempts.length, 'failed call') + ' before',
    message.role === 'tool' && message.isError === true && 'error',
    pictures.length > images.length && `${counted(pictures.length - images.length, 'image')} not shown`,
  ];
  return {
    role: message.role,
    title: visibleText(message.role === 'tool' ? message.toolName : titles[message.role]),
    facts: visibleText(facts.filter(Boolean).join(' · ')),
    text: shownText(text, limits.message, link),
    ...(message.role === 'assistant' &&
      message.reasoning !== undefined && { reasoning: shownText(message.reasoning, limits.message, link) }),
    calls:
      message.role !== 'assistant'
        ? []
        : (message.toolCalls ?? []).map(({ name, input }) => ({
            name: visibleText(name),
            input: shownText(input.valid ? argumentsText(input.value) : input.text, limits.message, link),
          })),
    images: images.map(({ mediaType, data }) => `data:${mediaType};base64,${data}`),
  };
}

/** What browsers show as a picture and nothing else. */
const safeTypes = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

const titles = { system: 'System', user: 'User', assistant: 'Agent' } as const;

/** Arguments as `name: value`, texts with their line breaks: a program inside JSON is hard to read. */
function argumentsText(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return readable(value);
  return Object.entries(value)
    .map(([name, argument]) => {
      const text = readable(argument);
      return text.includes('\n') ? `${name}:\n${text}` : `${name}: ${text}`;
    })
    .join('\n');
}

function readable(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
}

function sizeOf({ text, reasoning, calls }: ShownMessage): number {
  const inputs = calls.reduce((sum, { input }) => sum + input.text.length, 0);
  return 200 + text.text.length + (reasoning?.text.length ?? 0) + inputs;
}

/** How many of the first and of the last sizes fit together, taken in turns. */
function bothEnds(sizes: readonly number[], limit: number): { head: number; tail: number } {
  let [head, tail, left] = [0, 0, limit];
  while (head + tail < sizes.length) {
    const next = head <= tail ? sizes[head] : sizes[sizes.length - 1 - tail];
    if (next === undefined || next > left) break;
    left -= next;
    if (head <= tail) head++;
    else tail++;
  }
  return { head, tail };
}
