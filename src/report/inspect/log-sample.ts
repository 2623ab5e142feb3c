import { textOf } from '../../model/message-content.js';
import { headAndTail } from '../../head-and-tail.js';
import type { SweLancerEvent } from '../../events/event.js';
import type { ResultRecord, TaskResult } from '../../result/task-result.js';
import { Attachments } from './attachments.js';
import type { Invalidation } from './invalidation.js';
import { inspectError, type RecordedError } from './log-error.js';
import type { InspectEvent, InspectJson, InspectObject, InspectSummary } from './log-format.js';
import { logJson } from './log-json.js';
import { inspectLimit, limitType } from './log-limit.js';
import { inspectMessages, readableForm, referringForm } from './log-messages.js';
import { stopReason } from './model-events.js';
import { inspectUsages, type UsageByModel } from './model-usage.js';
import { sampleEvents } from './sample-events.js';
import { type SampleFacts, sampleMetadata, sampleScores, sampleTarget } from './sample-facts.js';

/** Inspect's viewer drops all events of a sample that has more of them than 350 MB. Characters of JSON. */
const maxEventCharacters = 200_000_000;
/** Inspect's own measure for texts in summaries. Characters. */
const summaryText = 1_000;

export interface LogSample extends SampleFacts {
  /** Of earlier attempts at the sample, in their order. */
  readonly faults: readonly RecordedError[];
  readonly usage: UsageByModel;
  readonly invalidation: Invalidation | undefined;
  /** The limits the run was under, for those no event tells of. */
  readonly limits: Readonly<Record<string, unknown>>;
}

/** A sample as pieces of JSON: events are read, translated and written one after another. */
export async function* sampleJson(
  sample: LogSample,
  events: AsyncIterable<SweLancerEvent>,
): AsyncGenerator<string> {
  const attachments = new Attachments();
  const { result, transcript, uuid } = sample;
  let limit: number | undefined;
  const watched = watch(events, (event) => {
    if (event.type === 'limit.reached' && event.limit === result.endedByLimit) limit = event.value;
  });
  yield '{';
  yield* members({
    ...identity(sample),
    input: inputOf(sample),
    scores: sampleScores(result),
    metadata: sampleMetadata(result),
    store: storeOf(result),
    output: outputOf(sample, attachments),
    error: result.status === 'error' ? inspectError(result.error) : undefined,
    error_retries: sample.faults.length === 0 ? undefined : sample.faults.map(inspectError),
    invalidation: sample.invalidation,
    turn_count: result.usage.turns,
    messages: inspectMessages(transcript, uuid, readableForm(attachments)),
    events_data: { messages: inspectMessages(transcript, uuid, referringForm(attachments)), calls: [] },
  });
  yield '"events":[';
  yield* joined(withinReason(sampleEvents(watched, sample, attachments), sample));
  yield '],';
  if (result.endedByLimit !== undefined) {
    const value = limit ?? sample.limits[result.endedByLimit];
    const member = typeof value === 'number' ? inspectLimit(result.endedByLimit, value).member : undefined;
    yield* members({ limit: member });
  }
  yield '"attachments":{';
  let separator = '';
  for (const [key, text] of attachments.entries()) {
    yield `${separator}${logJson(key)}:${logJson(text)}`;
    separator = ',';
  }
  yield '}}';
}

/** What a list shows of a sample. Its long texts are cut, as Inspect cuts them. */
export function sampleSummary(sample: LogSample): InspectSummary {
  const { result, faults, transcript } = sample;
  const scores = sampleScores(result);
  const limit = result.endedByLimit;
  const { task_id, variant, title, price_dollars, earned_dollars, status, outcome, agent } =
    sampleMetadata(result);
  return {
    ...identity(sample),
    input: headAndTail(inputOf(sample), summaryText),
    metadata: { task_id, variant, title, price_dollars, earned_dollars, status, outcome, agent },
    scores: scores && {
      earned: { ...scores.earned, ...shortAnswer(scores.earned) },
      correct: { ...scores.correct, ...shortAnswer(scores.correct) },
    },
    error: result.status === 'error' ? inspectError(result.error).message : undefined,
    limit: limit === undefined ? undefined : limitType(limit),
    retries: faults.length === 0 ? undefined : faults.length,
    message_count: transcript?.messages.length,
    turn_count: result.usage.turns,
    completed: true,
  };
}

/** What a sample and its summary have in common. */
function identity({ result, uuid, usage, startedAtMs }: LogSample) {
  const { taskId, epoch, durationMs } = result;
  return {
    id: taskId,
    epoch,
    target: sampleTarget(result),
    uuid,
    model_usage: inspectUsages(usage),
    role_usage: {},
    started_at: new Date(startedAtMs).toISOString(),
    completed_at: new Date(startedAtMs + durationMs).toISOString(),
    total_time: durationMs / 1_000,
    working_time: durationMs / 1_000,
  };
}

function shortAnswer({
  answer,
  explanation,
}: {
  answer?: string | undefined;
  explanation?: string | undefined;
}) {
  const short = (text: string | undefined) => text && headAndTail(text, summaryText);
  return { answer: short(answer), explanation: short(explanation) };
}

/** What the agent was asked: its prompt where it is on record, else the task's title. */
function inputOf({ transcript, result }: LogSample): string {
  const prompt = transcript?.messages.find(({ message }) => message.role === 'user');
  return prompt === undefined ? result.title : textOf(prompt.message);
}

/** What the agent left behind. */
function storeOf({ patch, answer }: TaskResult | ResultRecord): InspectObject {
  return {
    ...(patch !== undefined &&
      'content' in patch && { patch: patch.content, patch_encoding: patch.encoding }),
    ...(answer !== undefined && { answer }),
  };
}

function outputOf(
  { transcript, uuid, result, defaultModel }: LogSample,
  attachments: Attachments,
): InspectObject {
  const last = transcript?.messages.findLast(({ message }) => message.role === 'assistant');
  const model = last?.call?.model ?? transcript?.start.model ?? defaultModel;
  if (transcript === undefined || last === undefined) {
    return result.message === undefined
      ? { model, choices: [] }
      : {
          model,
          choices: [{ message: { role: 'assistant', content: result.message }, stop_reason: 'unknown' }],
        };
  }
  const [message] = inspectMessages(
    { ...transcript, messages: [last] },
    `${uuid}-out`,
    readableForm(attachments),
  );
  return {
    model,
    choices: [{ message, stop_reason: stopReason(last.call?.stopReason) }],
    time: (last.call?.durationMs ?? 0) / 1_000,
  };
}

/** Leaves out the middle of what no reader could show. */
async function* withinReason(
  events: AsyncIterable<InspectEvent>,
  facts: SampleFacts,
): AsyncGenerator<string> {
  let characters = 0;
  let omitted = 0;
  for await (const event of events) {
    const text = logJson(event);
    const needed = event.event !== 'info' && event.event !== 'sandbox' && event.event !== 'tool';
    if (characters + text.length > maxEventCharacters && !needed) {
      omitted++;
      continue;
    }
    characters += text.length;
    yield text;
  }
  if (omitted === 0) return;
  yield logJson({
    event: 'info',
    source: 'swelancer',
    timestamp: new Date(facts.startedAtMs + facts.result.durationMs).toISOString(),
    working_start: facts.result.durationMs / 1_000,
    data: `${omitted} events are left out: the viewer shows none of a sample that has more. They are in the run's folder.`,
  });
}

async function* watch(
  events: AsyncIterable<SweLancerEvent>,
  look: (event: SweLancerEvent) => void,
): AsyncGenerator<SweLancerEvent> {
  for await (const event of events) {
    look(event);
    yield event;
  }
}

/** Members of an object under way, each with its comma. */
function* members(object: { readonly [name: string]: InspectJson | undefined }): Generator<string> {
  for (const [name, value] of Object.entries(object)) {
    if (value !== undefined) yield `${logJson(name)}:${logJson(value)},`;
  }
}

async function* joined(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let separator = '';
  for await (const text of texts) {
    yield separator + text;
    separator = ',';
  }
}
