// A whole evaluation as array jobs of Slurm, one task of the array an attempt. On a login node:
//
//   npx tsx examples/slurm.ts submit STORE      hand out whatever is not finished; again after faults, until none is left
//   npx tsx examples/slurm.ts merge STORE       put what has come back into the store, at any time
//
// Both end with the reason where a node had another evaluation than this one, after all else is in the store: make the node
// right and submit again.
//
// --evaluation=FILE   a module that exports `options`, as examples/slurm/evaluation.ts does
// --parallel=100      how many tasks of an array run at a time
// --array-tasks=1000  how many tasks an array has at most: the cluster's MaxArraySize, less one
//
// STORE is on a disk that all nodes share. A node, or an attempt, that dies has no outcome and is submitted again. What Slurm
// does not take, over a limit say, is given back: it does not count as an attempt that died.
import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, realpath, rename, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import {
  type AgentUsage,
  type BatchOptions,
  giveBackJobs,
  mergeOutcomes,
  pendingJobs,
  runSampleJob,
  type SampleJob,
  sampleJobId,
  sampleJobSchema,
  StoredRun,
  ungradedResultSchema,
} from 'swelancer';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    evaluation: { type: 'string', default: fileURLToPath(new URL('slurm/evaluation.ts', import.meta.url)) },
    parallel: { type: 'string', default: '100' },
    // Slurm's own default: no array has more tasks.
    'array-tasks': { type: 'string', default: '1000' },
  },
});
const [command, folder = '', jobsFile = ''] = positionals;
const store = resolve(folder);
const shared = join(store, 'slurm');
const evaluation = resolve(values.evaluation);

switch (command) {
  case 'submit':
    await submit();
    break;
  case 'merge':
    await merge();
    break;
  case 'run-one':
    await runOne(Number(process.env['SLURM_ARRAY_TASK_ID']));
    break;
  default:
    console.log(
      'Usage: npx tsx examples/slurm.ts submit|merge STORE [--evaluation=FILE] [--parallel=100] [--array-tasks=1000]',
    );
}

async function submit(): Promise<void> {
  await mkdir(join(shared, 'logs'), { recursive: true });
  const name = await jobName();
  // Before the store is looked at: what ends from here on is in the next merge.
  const underWay = execFileSync(
    'squeue',
    ['--noheader', '--array', `--user=${String(process.getuid?.())}`, `--name=${name}`],
    { encoding: 'utf8' },
  );
  if (underWay.trim() !== '') {
    console.log(`Still under way, nothing was submitted:\n${underWay}`);
    return;
  }
  await merge();
  const options = await batch();
  const jobs = await pendingJobs(options);
  if (jobs.length === 0) console.log('Nothing is left to be done.');
  const arrayTasks = Number(values['array-tasks']);
  for (let from = 0; from < jobs.length; from += arrayTasks) {
    try {
      await submitArray(name, jobs.slice(from, from + arrayTasks));
    } catch (error) {
      // Their file stays: an `sbatch` that gave up waiting for an answer may have been heard.
      await giveBackJobs(jobs.slice(from), options);
      throw new Error(
        `${jobs.length - from} attempts were not submitted and are given back. Mend what is told below, or wait until Slurm takes more, and submit again.`,
        { cause: error },
      );
    }
  }
}

async function submitArray(name: string, jobs: readonly SampleJob[]): Promise<void> {
  const file = join(shared, `jobs-${randomUUID()}.jsonl`);
  await writeWhole(file, jobs.map((job) => `${JSON.stringify(job)}\n`).join(''));
  const script = [
    '#!/bin/sh',
    // Node, its loaders and this file, as they run here.
    `exec ${[process.execPath, ...process.execArgv, fileURLToPath(import.meta.url), 'run-one', store, file, `--evaluation=${evaluation}`].map(quoted).join(' ')}`,
  ].join('\n');
  const id = execFileSync(
    'sbatch',
    [
      '--parsable',
      '--requeue',
      `--job-name=${name}`,
      `--array=0-${jobs.length - 1}%${values.parallel}`,
      `--output=${join(shared, 'logs', '%A_%a.log')}`,
    ],
    { input: `${script}\n`, encoding: 'utf8' },
  );
  console.log(`Submitted ${jobs.length} attempts as job ${id.trim()}.`);
}

/** That of all arrays of this run's folder, and of no other's. */
async function jobName(): Promise<string> {
  const hash = createHash('sha256')
    .update(await realpath(store))
    .digest('hex');
  // Slurm takes a comma for the beginning of another name.
  return `swelancer-${basename(store).replace(/[^\w.-]/g, '_')}-${hash.slice(0, 10)}`;
}

async function merge(): Promise<void> {
  const outcomes = join(shared, 'outcomes');
  await mkdir(outcomes, { recursive: true });
  const options = await batch();
  const report = await mergeOutcomes(readAll(outcomes), options);
  const records = await (await StoredRun.open(store)).records();
  const earned = records.reduce((sum, record) => sum + record.earned, 0);
  console.log(
    `Merged ${JSON.stringify(report)}: ${records.length} samples are finished, ${earned} dollars earned.`,
  );
}

async function* readAll(outcomes: string): AsyncGenerator {
  for (const name of (await readdir(outcomes)).filter((name) => name.endsWith('.json'))) {
    const outcome = await readUndamaged(join(outcomes, name), (value) => value);
    if (outcome !== undefined) yield outcome;
  }
  yield* unfinished();
}

/** What there is of attempts without an outcome: one that is given up is not lost with what it has left. */
async function* unfinished(): AsyncGenerator {
  const told = new Set<string>();
  for (const name of (await readdir(shared)).filter((name) => name.endsWith('.jsonl'))) {
    for (const line of (await readFile(join(shared, name), 'utf8')).trim().split('\n')) {
      const job = sampleJobSchema.parse(JSON.parse(line));
      if (told.has(sampleJobId(job)) || existsSync(filesOf(job).outcome)) continue;
      told.add(sampleJobId(job));
      const { schema, runId, taskId, epoch, attempt } = job;
      const { work, spent } = await left(job);
      if (work === undefined && spent.length === 0) continue;
      yield { schema, runId, taskId, epoch, attempt, type: 'unfinished', work, spent };
    }
  }
}

/** One task of an array, on some node. */
async function runOne(index: number): Promise<void> {
  const line = (await readFile(jobsFile, 'utf8')).split('\n')[index];
  const job = sampleJobSchema.parse(JSON.parse(line ?? ''));
  const { outcome, work, spent } = filesOf(job);
  // Slurm may run a task again, when its node was lost or its outcome came after all.
  if (existsSync(outcome)) return;
  await mkdir(join(shared, 'work'), { recursive: true });
  const before = await left(job);
  const saved = before.work ?? job.saved;
  const lostUsage = before.spent;
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort(new Error('Slurm ends the task')));
  const { options } = await load();
  const result = await runSampleJob(
    { ...job, saved },
    {
      ...options,
      signal: stop.signal,
      lostUsage,
      onUsage: (usage) => {
        writeFileSync(`${spent}.part`, JSON.stringify([...lostUsage, usage]), { flush: true });
        renameSync(`${spent}.part`, spent);
      },
      // Transcript and events go straight into the attempt's folder.
      sharedStore: store,
      checkpoint: (made) => writeWhole(work, JSON.stringify(made)),
    },
  );
  if (result.type === 'refused') console.error(`This node has another evaluation: ${result.reason}`);
  // Without an outcome it is submitted again.
  if (result.type === 'result' && result.result.status === 'cancelled') process.exitCode = 1;
  else await writeWhole(outcome, JSON.stringify(result));
}

/** What the tasks have left that had an attempt and brought it to no outcome. */
async function left(job: SampleJob): Promise<{ work?: SampleJob['saved']; spent: AgentUsage[] }> {
  const { work, spent } = filesOf(job);
  // What each of them has spent, as `runOne` writes it. The last one may have saved its work, which tells it too.
  const usages = existsSync(spent) ? ((await readUndamaged(spent, asUsages)) ?? []) : [];
  const saved = existsSync(work)
    ? await readUndamaged(work, (value) => ungradedResultSchema.parse(value))
    : undefined;
  return saved === undefined ? { spent: usages } : { work: saved, spent: usages.slice(0, -1) };
}

function asUsages(value: unknown): AgentUsage[] {
  if (!Array.isArray(value)) throw new TypeError('It is no list of usages.');
  // What `runOne` has written.
  return value as AgentUsage[];
}

/**
 * What is in a file of JSON. One that is damaged, whose node lost power before the bytes were on disk, is put out of the way
 * and is as one that is not there: it is no reason to leave the others.
 */
async function readUndamaged<T>(file: string, as: (value: unknown) => T): Promise<T | undefined> {
  const text = await readFile(file, 'utf8');
  try {
    return as(JSON.parse(text));
  } catch (error) {
    await rename(file, `${file}.damaged`);
    console.error(`${file} cannot be read, and is kept as ${basename(file)}.damaged: ${String(error)}`);
    return undefined;
  }
}

function filesOf(job: SampleJob) {
  const id = sampleJobId(job);
  return {
    outcome: join(shared, 'outcomes', `${id}.json`),
    work: join(shared, 'work', `${id}.json`),
    spent: join(shared, 'work', `${id}.spent.json`),
  };
}

async function batch(): Promise<BatchOptions> {
  return { ...(await load()).options, store };
}

async function load(): Promise<{ options: Omit<BatchOptions, 'store'> }> {
  // The caller's own module, which is what this file says it must be.
  return (await import(pathToFileURL(evaluation).href)) as { options: Omit<BatchOptions, 'store'> };
}

/** Whoever reads sees all of it or nothing. */
async function writeWhole(path: string, content: string): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  await writeFile(part, content, { flush: true });
  await rename(part, path);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
