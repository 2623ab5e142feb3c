import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigurationError } from '../../errors.js';
import type { RunSummaryOptions } from '../../metrics/run-summary.js';
import { labelProblems } from '../../dataset/label-problems.js';
import { type OptionNames, unknownOptions, refuseProblems } from '../../option-names.js';
import type { ResultRecord } from '../../result/task-result.js';
import { describedSamples } from '../../store/described-samples.js';
import type { AttemptRecord } from '../../store/journal-record.js';
import { sampleKeyText } from '../../store/sample-key.js';
import { StoredRun } from '../../store/stored-run.js';
import { type ReadRun, readRun } from '../read-run.js';
import { AttemptReader, type ReadAttempt } from './attempt-reader.js';
import { epochReducers } from './epoch-reducers.js';
import { type InvalidatedSample, invalidationOf } from './invalidation.js';
import { evalPlan, evalSpec } from './log-header.js';
import { type LogArchive, writeArchive } from './log-archive.js';
import type { InspectSummary } from './log-format.js';
import { sampleMember } from './log-ids.js';
import { logJson } from './log-json.js';
import { logReductions, logResults } from './log-results.js';
import { type LogSample, sampleJson, sampleSummary } from './log-sample.js';
import { inspectUsages, usageByModel } from './model-usage.js';
import { runState } from './run-state.js';
import { runUsage, type SpentOnWork, workKey } from './run-usage.js';
import { sampleUuid } from './sample-facts.js';

export interface InspectLogOptions extends Omit<RunSummaryOptions, 'attempts' | 'expected' | 'unfinished'> {
  /**
   * The model to name where transcripts do not. Default: the configuration's `model` where that is a text, else `none/none`,
   * which is Inspect's name for no model.
   */
  readonly model?: string | undefined;
  /** Results that are marked as not to be counted. Figures count them all the same. Default: none. */
  readonly invalidated?: readonly InvalidatedSample[] | undefined;
}

const logNames: OptionNames<InspectLogOptions> = {
  model: true,
  invalidated: true,
  tasks: true,
  labels: true,
  seed: true,
  resamples: true,
};

export interface WrittenInspectLog {
  readonly file: string;
  readonly samples: number;
  readonly bytes: number;
  /** Files of the run that could not be read. Of their samples, the log has what the journal tells, and a warning. */
  readonly unreadable: readonly string[];
}

/**
 * Writes a run as a log of Inspect AI, for its viewer and its readers: a sample for each task and epoch that is finished, with
 * conversation, commands, scores in dollars and in 0 or 1, usage, and the faults that were retried. Samples are read and
 * written one after another, so memory holds one at a time. The file appears when it is whole, and replaces an older one.
 * A file of an attempt that cannot be read stops nothing: see `unreadable`.
 *
 * @param run the run's folder, or what `StoredRun.open` gave.
 * @param file ends with `.eval`; `inspectLogName` gives the name Inspect would give it. Its folder is made where there is none.
 * @throws ConfigurationError when the name is another, an option does not exist, or what is invalidated is no sample of
 * the run. StoreError when there is no run in the folder.
 */
export async function writeInspectLog(
  run: StoredRun | string,
  file: string,
  options: InspectLogOptions = {},
): Promise<WrittenInspectLog> {
  if (!file.endsWith('.eval')) {
    throw new ConfigurationError(`An Inspect log's name ends with .eval, which ${file} does not.`);
  }
  refuseProblems('writeInspectLog', [...unknownOptions(options, logNames), ...labelProblems(options.labels)]);
  const stored = typeof run === 'string' ? await StoredRun.open(run) : run;
  const { invalidated = [], model: named, ...figures } = options;
  refuseUnknown(invalidated, stored);
  await mkdir(dirname(file), { recursive: true });
  const files = new AttemptReader(stored);
  const contents = await readRun(stored, figures);
  const model = named ?? (await modelOf(stored, files, contents.records[0]));
  const bytes = await writeArchive(file, (archive) =>
    writeMembers(archive, stored, contents, { files, model, invalidated }),
  );
  return { file, samples: contents.records.length, bytes, unreadable: files.unreadable };
}

function refuseUnknown(invalidated: readonly InvalidatedSample[], { description }: StoredRun): void {
  const samples = describedSamples(description);
  for (const each of invalidated) {
    if (samples.some((sample) => invalidationOf(sample, [each], new Date()) !== undefined)) continue;
    const epoch = each.epoch === undefined ? '' : ` in epoch ${each.epoch}`;
    throw new ConfigurationError(
      `The run has no task ${each.taskId}${epoch} that could be marked as invalidated.`,
    );
  }
}

async function modelOf(
  run: StoredRun,
  files: AttemptReader,
  first: ResultRecord | undefined,
): Promise<string> {
  const { model } = run.description.configuration;
  if (typeof model === 'string') return model;
  return (first && (await files.transcript(first))?.start.model) ?? 'none/none';
}

interface LogParts {
  readonly files: AttemptReader;
  readonly model: string;
  readonly invalidated: readonly InvalidatedSample[];
}

async function writeMembers(
  archive: LogArchive,
  run: StoredRun,
  contents: ReadRun,
  { files, model, invalidated }: LogParts,
): Promise<void> {
  const { description } = run;
  const { records, attempts, summary } = contents;
  const now = new Date();
  const { epochs, dataset } = description;
  const reducers = epochReducers(epochs, summary);
  const about = { eval: evalSpec(description, { model, reducers }), plan: evalPlan(description) };
  await archive.add('_journal/start.json', logJson({ version: 2, ...about }));

  const { limits: configured } = description.configuration;
  const limits =
    typeof configured === 'object' && configured !== null && !Array.isArray(configured) ? configured : {};
  const earlier = earlierAttempts(attempts);
  const summaries: InspectSummary[] = [];
  const spent = new Map<string, SpentOnWork>();
  let completedAtMs = Date.parse(description.createdAt);
  for (const record of records) {
    const before = earlier.get(sampleKeyText(record)) ?? [];
    const invalidation = invalidationOf(record, invalidated, now);
    const sample = logSample(await files.attempt(record), record, before, { model, limits, invalidation });
    await archive.add(sampleMember(record.taskId, record.epoch), sampleJson(sample, files.events(record)));
    summaries.push(sampleSummary(sample));
    const { transcript, usage } = sample;
    spent.set(workKey(record), { model: transcript?.start.model ?? model, usage });
    completedAtMs = Math.max(completedAtMs, sample.startedAtMs + record.durationMs);
  }
  await archive.add('summaries.json', logJson(summaries));

  if (reducers !== undefined) await archive.add('reductions.json', logJson(logReductions(records, reducers)));
  const samples = dataset.tasks.length * epochs;
  const state = await runState(run, records.length, samples);
  await archive.add(
    'header.json',
    logJson({
      version: 2,
      status: state.status,
      ...about,
      results: logResults(records, summary, { samples, reducers }),
      stats: {
        started_at: description.createdAt,
        completed_at: new Date(completedAtMs).toISOString(),
        model_usage: inspectUsages(await runUsage(contents, files, model, spent)),
        role_usage: {},
      },
      error: state.error,
      invalidated: records.some((record) => invalidationOf(record, invalidated, now) !== undefined),
    }),
  );
}

function logSample(
  { result, transcript }: ReadAttempt,
  record: ResultRecord,
  before: readonly ResultRecord[],
  { model, limits, invalidation }: Pick<LogSample, 'limits' | 'invalidation'> & { readonly model: string },
): LogSample {
  return {
    result,
    transcript,
    uuid: sampleUuid(record),
    startedAtMs: Date.parse(startOf(record, before)),
    defaultModel: model,
    faults: before.flatMap((each) => (each.status === 'error' ? [each.error] : [])),
    usage: usageByModel(record.usage, transcript, model),
    invalidation,
    limits,
  };
}

/** Where earlier work was graded, the sample began with that work. */
function startOf(record: ResultRecord, before: readonly ResultRecord[]): string {
  return before.find(({ attempt }) => attempt === record.workOf)?.startedAt ?? record.startedAt;
}

/** Attempts that another followed, by sample, in their order. */
function earlierAttempts(attempts: readonly AttemptRecord[]): ReadonlyMap<string, readonly ResultRecord[]> {
  const bySample = new Map<string, ResultRecord[]>();
  const latest = new Map<string, ResultRecord>();
  for (const { result } of attempts) {
    const key = sampleKeyText(result);
    const previous = latest.get(key);
    if (previous !== undefined) bySample.set(key, [...(bySample.get(key) ?? []), previous]);
    latest.set(key, result);
  }
  return bySample;
}
