import type { Transcript } from '../../agent/transcript/transcript-entry.js';
import type { ResultRecord, TaskResult } from '../../result/task-result.js';
import type { StoredRun } from '../../store/stored-run.js';
import { bytes, counted, count, dollars, duration, moment } from '../figures.js';
import { outcomeKind, outcomeLabels, outcomeName } from '../outcome.js';
import { visibleText } from '../visible-text.js';
import type { AttemptDetail, Fact, ShownPatch, ShownTest, ShownTranscript } from './attempt-detail.js';
import type { MediaBudget, TextLimits } from './limits.js';
import { relativeLink } from './relative-link.js';
import { shownFile } from './shown-file.js';
import { shownText } from './shown-text.js';
import { shownTranscript } from './shown-transcript.js';

export interface DetailOptions {
  /** The folder the page will be in. */
  readonly into: string;
  readonly limits: TextLimits;
  readonly media: MediaBudget;
}

/** Reads what the page shows of an attempt. A file that cannot be read is a problem of this attempt, not of the report. */
export async function readAttemptDetail(
  run: StoredRun,
  record: ResultRecord,
  label: string,
  options: DetailOptions,
): Promise<AttemptDetail> {
  const { limits, media, into } = options;
  const folder = run.folder.attempt(record);
  const unreadable: string[] = [];
  const result = await run.result(record).catch((error: unknown) => void unreadable.push(messageOf(error)));
  const transcript = await readShownTranscript(run, record, options).catch(
    (error: unknown) => void unreadable.push(messageOf(error)),
  );
  const files = await run.artifacts(record).catch((error: unknown) => {
    unreadable.push(messageOf(error));
    return [];
  });
  const shownFiles = [];
  // One after the other: the first ones get the room.
  for (const file of files) {
    try {
      shownFiles.push(await shownFile(file, relativeLink(into, file.path), media));
    } catch (error) {
      unreadable.push(messageOf(error));
    }
  }
  return {
    label,
    kind: outcomeKind(record),
    outcome: outcomeLabels[outcomeName(record)],
    explanation: visibleText(explanationOf(record)),
    facts: factsOf(record),
    phases: Object.entries(record.phases).map(([name, durationMs]) => ({
      name,
      durationMs,
      text: duration(durationMs),
    })),
    problems: [...problemsOf(record), ...unreadable].map(visibleText),
    message: record.message === undefined ? undefined : shownText(record.message, limits.message).text,
    answer:
      record.answer === undefined
        ? undefined
        : shownText(record.answer, limits.log, relativeLink(into, folder.answer)),
    patch: patchOf(result, relativeLink(into, folder.patch), limits.patch),
    tests: testsOf(result, limits.log, {
      log: (round) => relativeLink(into, folder.testLog(round)),
      playbookLog: (round) => relativeLink(into, folder.playbookLog(round)),
    }),
    transcript: transcript ?? undefined,
    files: shownFiles,
  };
}

async function readShownTranscript(
  run: StoredRun,
  record: ResultRecord,
  { into, limits, media }: DetailOptions,
): Promise<ShownTranscript | undefined> {
  const transcript: Transcript | undefined = await run.transcript(record);
  if (transcript === undefined) return undefined;
  const { transcript: path } = run.folder.attempt({ ...record, attempt: record.workOf ?? record.attempt });
  return shownTranscript(transcript, relativeLink(into, path), limits, media);
}

function explanationOf(record: ResultRecord): string {
  if (record.status === 'scored') return record.explanation;
  return record.status === 'error' ? record.error.message : record.reason;
}

function factsOf(record: ResultRecord): readonly Fact[] {
  const { usage } = record;
  const facts: readonly (readonly [term: string, value: string | undefined])[] = [
    ['Earned', `${dollars(record.earned)} of ${dollars(record.available)}`],
    ['Cost', dollars(usage.costDollars)],
    ['Lost with dead workers', record.lostUsage && dollars(record.lostUsage.costDollars)],
    ['Turns', count(usage.turns)],
    ['Tool calls', count(usage.toolCalls)],
    ['Tokens in', count(usage.inputTokens)],
    ['Tokens out', count(usage.outputTokens)],
    ['Duration', duration(record.durationMs)],
    ['Started', moment(record.startedAt)],
    ['Ended by limit', record.endedByLimit],
    ['Graded', record.workOf === undefined ? undefined : `work of attempt ${record.workOf}`],
    ['Grading', record.grading],
    ['Network', record.network?.policy],
    ['Image', record.image],
  ];
  return facts.flatMap(([term, value]) => (value === undefined ? [] : [{ term, value: visibleText(value) }]));
}

function problemsOf(record: ResultRecord): readonly string[] {
  const errors = record.status === 'error' ? [record.error, ...record.warnings] : record.warnings;
  return errors.map(
    ({ code, phase, message }) => `${code}${phase === undefined ? '' : ` (${phase})`}: ${message}`,
  );
}

function patchOf(result: TaskResult | void, link: string, limit: number): ShownPatch | undefined {
  const patch = result?.patch;
  if (patch === undefined) return undefined;
  const facts = [counted(patch.files.length, 'file'), bytes(patch.bytes)];
  if (patch.encoding === 'base64') facts.push('not UTF-8: some characters are replaced here');
  const text = patch.encoding === 'utf8' ? patch.content : Buffer.from(patch.content, 'base64').toString();
  return { ...shownText(text, limit, link), facts: facts.join(' · ') };
}

function testsOf(
  result: TaskResult | void,
  limit: number,
  link: { log: (round: number) => string; playbookLog: (round: number) => string },
): readonly ShownTest[] {
  if (result?.status !== 'scored') return [];
  const { tries } = result;
  return tries.map(({ exitCode, failedStep, durationMs, log, playbookLog }, index) => ({
    title: tries.length === 1 ? 'Tests' : `Tests, round ${index + 1}`,
    passed: exitCode === 0,
    facts: visibleText(
      [
        exitCode === null ? 'no exit code' : `exit code ${exitCode}`,
        failedStep !== undefined && `failed at ${failedStep}`,
        duration(durationMs),
      ]
        .filter(Boolean)
        .join(' · '),
    ),
    log: shownText(log, limit, link.log(index + 1)),
    playbookLog: shownText(playbookLog, limit, link.playbookLog(index + 1)),
  }));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
