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
//
// STORE is on a disk that all nodes share. A node, or an attempt, that dies has no outcome and is submitted again.
import { execFileSync } from 'node:child_process';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import {
  type AgentUsage,
  type BatchOptions,
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
  },
});
const [command, folder = '', jobsFile = ''] = positionals;
const store = resolve(folder);
const shared = join(store, 'slurm');
const evaluation = resolve(values.evaluation);

/** Slurm's own default: no array has more tasks. */
const arrayTasks = 1000;

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
    console.log('Usage: npx tsx examples/slurm.ts submit|merge STORE [--evaluation=FILE] [--parallel=100]');
}

async function submit(): Promise<void> {
  // Before the store is looked at: what ends from here on is in the next merge.
  const name = `swelancer-${basename(store)}`;
  const underWay = execFileSync('squeue', ['--noheader', '--array', `--name=${name}`], { encoding: 'utf8' });
  if (underWay.trim() !== '') {
    console.log(`Still under way, nothing was submitted:\n${underWay}`);
    return;
  }
  await merge();
  const jobs = await pendingJobs(await batch());
  await mkdir(join(shared, 'logs'), { recursive: true });
  for (let from = 0; from < jobs.length; from += arrayTasks) {
    const part = jobs.slice(from, from + arrayTasks);
    const file = join(shared, `jobs-${Date.now()}-${from}.jsonl`);
    await writeWhole(file, part.map((job) => `${JSON.stringify(job)}\n`).join(''));
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
        `--array=0-${part.length - 1}%${values.parallel}`,
        `--output=${join(shared, 'logs', '%A_%a.log')}`,
      ],
      { input: `${script}\n`, encoding: 'utf8' },
    );
    console.log(`Submitted ${part.length} attempts as job ${id.trim()}.`);
  }
  if (jobs.length === 0) console.log('Nothing is left to be done.');
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
    const file = join(outcomes, name);
    const text = await readFile(file, 'utf8');
    let outcome: unknown;
    try {
      outcome = JSON.parse(text);
    } catch (error) {
      // Its node lost power before the bytes were on disk. Out of the way, so that the attempt is handed out again.
      await rename(file, `${file}.damaged`);
      console.error(`${file} cannot be read, and is kept as ${name}.damaged: ${String(error)}`);
      continue;
    }
    yield outcome;
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
        writeFileSync(`${spent}.part`, JSON.stringify([...lostUsage, usage]));
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
  const usages = existsSync(spent) ? (JSON.parse(await readFile(spent, 'utf8')) as AgentUsage[]) : [];
  if (!existsSync(work)) return { spent: usages };
  const saved = ungradedResultSchema.parse(JSON.parse(await readFile(work, 'utf8')));
  return { work: saved, spent: usages.slice(0, -1) };
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
