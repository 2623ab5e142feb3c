import { type EventScope, silentScope } from '../events/event-scope.js';
import { ModelError } from './errors.js';
import { headAndTail } from '../head-and-tail.js';
import { contentParts } from './message-content.js';
import type { ModelMessage } from './model-client.js';
import { estimateTokens, type TokenEstimator } from './token-estimate.js';

export interface TrimOptions {
  /** Tokens the messages may take. Leave room for the answer and the tools. */
  readonly limitTokens: number;
  /** Default: `estimateTokens`. */
  readonly estimate?: TokenEstimator | undefined;
  /** Characters of a single text that are kept, half from its start and half from its end. Default: 30 000. */
  readonly maxTextCharacters?: number | undefined;
  /** Named in the error. */
  readonly model?: string | undefined;
  readonly events?: EventScope | undefined;
}

export interface TrimmedContext {
  readonly messages: readonly ModelMessage[];
  readonly droppedMessages: number;
  readonly shortenedMessages: number;
  readonly estimatedTokens: number;
}

/**
 * Makes a conversation fit. One that fits is returned as it is. Else, in this order and only as far as needed: texts over
 * `maxTextCharacters` lose their middle; the oldest turns are dropped whole, an assistant message with all that answers
 * it; the texts of the last turn are cut further. What stands before the first assistant message, so system messages and
 * the task, is never touched. A note in the conversation says how much is missing, and a `context.trimmed` event too.
 * @throws ModelError `context_length` when the task alone does not fit.
 */
export function trimContext(messages: readonly ModelMessage[], options: TrimOptions): TrimmedContext {
  const estimate = options.estimate ?? estimateTokens;
  const { limitTokens } = options;
  const total = (list: readonly ModelMessage[]) => list.reduce((sum, message) => sum + estimate(message), 0);
  const before = total(messages);
  if (before <= limitTokens) {
    return { messages, droppedMessages: 0, shortenedMessages: 0, estimatedTokens: before };
  }

  const [opening, ...turns] = splitTurns(messages);
  let cap = options.maxTextCharacters ?? 30_000;
  let kept = turns.map((turn) => turn.map((message) => shorten(message, cap)));
  const assemble = () => {
    const dropped = turns.slice(0, turns.length - kept.length).flat().length;
    return { dropped, list: [...opening, ...(dropped === 0 ? [] : [droppedNote(dropped)]), ...kept.flat()] };
  };
  while (kept.length > 1 && total(assemble().list) > limitTokens) kept = kept.slice(1);
  while (kept.length > 0 && total(assemble().list) > limitTokens && cap > 200) {
    cap = Math.floor(cap / 2);
    kept = [(turns.at(-1) ?? []).map((message) => shorten(message, cap))];
  }
  // A last turn that fits no more even so is worth less than none at all.
  if (kept.length > 0 && total(assemble().list) > limitTokens) kept = [];

  const { dropped, list } = assemble();
  const estimatedTokens = total(list);
  if (estimatedTokens > limitTokens) throw tooLarge(total(opening), limitTokens, options.model);
  const originals = new Set(messages);
  const shortened = kept.flat().filter((message) => !originals.has(message)).length;
  (options.events ?? silentScope).emit('context.trimmed', {
    droppedMessages: dropped,
    shortenedMessages: shortened,
    estimatedTokens,
    limitTokens,
  });
  return { messages: list, droppedMessages: dropped, shortenedMessages: shortened, estimatedTokens };
}

/** The opening, then turns: each begins with an assistant message and ends before the next. */
function splitTurns(messages: readonly ModelMessage[]): [ModelMessage[], ...ModelMessage[][]] {
  const groups: [ModelMessage[], ...ModelMessage[][]] = [[]];
  for (const message of messages) {
    if (message.role === 'assistant') groups.push([message]);
    else (groups.at(-1) ?? groups[0]).push(message);
  }
  return groups;
}

/** The same object where there is nothing to cut. Calls keep their arguments: half of a JSON text is no JSON text. */
function shorten(message: ModelMessage, maxCharacters: number): ModelMessage {
  if (message.role === 'system') return message;
  const parts = contentParts(message.content);
  if (parts.every((part) => part.type !== 'text' || part.text.length <= maxCharacters)) return message;
  if (message.role === 'assistant') {
    return { ...message, content: headAndTail(message.content, maxCharacters), native: undefined };
  }
  const content = parts.map((part) =>
    part.type === 'text' ? { ...part, text: headAndTail(part.text, maxCharacters) } : part,
  );
  return { ...message, content };
}

function droppedNote(dropped: number): ModelMessage {
  return {
    role: 'user',
    content: `[${dropped} earlier messages of this conversation were left out to save space. What they did to the files is still in place.]`,
  };
}

function tooLarge(openingTokens: number, limitTokens: number, model = 'unknown'): ModelError {
  return new ModelError(
    `The task alone takes about ${openingTokens} tokens and the limit is ${limitTokens}. Choose a model with a larger context window, or raise the limit.`,
    { kind: 'context_length', model },
  );
}
