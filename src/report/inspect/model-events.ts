import type { EventOf } from '../../events/event.js';
import type { StopReason } from '../../model/model-client.js';
import type { Attachments } from './attachments.js';
import type { InspectObject } from './log-format.js';
import { inspectMessages, referringForm } from './log-messages.js';
import { inspectUsage } from './model-usage.js';
import type { EventContent } from './placed-content.js';
import type { SampleFacts } from './sample-facts.js';
import { toolDefinitions } from './tool-definitions.js';
import type { AnsweredCall } from './transcript-cursor.js';

/** A call of a model. Its input points into the sample's pool of messages: a copy for each call would grow quadratically. */
export function modelEvent(
  answer: AnsweredCall | undefined,
  told: EventOf<'model.responded'> | undefined,
  facts: SampleFacts,
  attachments: Attachments,
): EventContent {
  const call = told ?? answer?.call;
  const model = call?.model ?? facts.defaultModel;
  const usage = call && inspectUsage({ ...call.usage, costDollars: call.costDollars });
  const seconds = (call?.durationMs ?? 0) / 1_000;
  const completedMs = told?.time ?? (answer === undefined ? undefined : Date.parse(answer.entry.time));
  const retries = answer?.call.failedAttempts?.length;
  return {
    event: 'model',
    model,
    ...asked(answer?.before ?? 0, facts),
    output: {
      model,
      choices: [choice(answer, stopReason(call?.stopReason), facts, attachments)],
      usage,
      time: seconds,
    },
    retries,
    completed: completedMs === undefined ? undefined : new Date(completedMs).toISOString(),
    working_time: seconds,
  };
}

/** A call that came to nothing. */
export function failedModelEvent(
  { model, error, time, durationMs }: EventOf<'model.failed'>,
  before: number,
  facts: SampleFacts,
): EventContent {
  return {
    event: 'model',
    model,
    ...asked(before, facts),
    output: { model, choices: [], time: durationMs / 1_000 },
    error: `${error.code}: ${error.message}`,
    completed: new Date(time).toISOString(),
    working_time: durationMs / 1_000,
  };
}

function asked(before: number, { transcript }: SampleFacts): InspectObject {
  return {
    input: [],
    input_refs: before === 0 ? [] : [[0, before]],
    tools: toolDefinitions(transcript?.start.tools),
    tool_choice: 'auto',
    config: {},
  };
}

function choice(
  answer: AnsweredCall | undefined,
  reason: string,
  { transcript, uuid }: SampleFacts,
  attachments: Attachments,
): InspectObject {
  const messages =
    answer === undefined || transcript === undefined
      ? []
      : inspectMessages({ ...transcript, messages: [answer.entry] }, uuid, referringForm(attachments));
  const [message] = messages;
  const id = `${uuid}-${(answer?.before ?? 0) + 1}`;
  return {
    message: message === undefined ? { role: 'assistant', content: '' } : { ...message, id },
    stop_reason: reason,
  };
}

/** Events may come from another version of this package, with reasons we do not know. */
export function stopReason(reason: string | undefined): string {
  return stopReasons.get(reason ?? '') ?? 'unknown';
}

const stopReasons: ReadonlyMap<string, string> = new Map<StopReason, string>([
  ['end', 'stop'],
  ['tool_calls', 'tool_calls'],
  ['length', 'max_tokens'],
  ['refusal', 'content_filter'],
  ['content_filter', 'content_filter'],
]);
