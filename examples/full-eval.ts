// A whole evaluation: two models on the sample benchmark, three epochs each, in containers. The first run is killed half-way
// and goes on where it was; then come the report, the tables and the log for Inspect's viewer.
// Build the image first: examples/sample-benchmark/image/build.sh. Without Docker: npx tsx examples/full-eval.ts --local
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compareRuns, runEval, StoredRun } from 'swelancer';
import { dockerRuntime } from 'swelancer/docker';
import { writeInspectLog } from 'swelancer/inspect';
import { writeReport } from 'swelancer/report';
import { scriptedAgent } from './full-eval/scripted-agents.js';
import {
  sampleDataset,
  sampleImages,
  sampleLocalLayout,
  sampleLocalRuntime,
} from './sample-benchmark/sample-benchmark.js';

const { values } = parseArgs({
  options: {
    local: { type: 'boolean', default: false },
    /** Runs so many tasks of each model only. */
    limit: { type: 'string' },
    /** Runs one model and nothing else: what this script starts, kills and takes over. */
    only: { type: 'string' },
  },
});

const dataset = (await sampleDataset()).limit(Number(values.limit ?? 11));
const folders = { careful: 'runs/full-eval/careful', hasty: 'runs/full-eval/hasty' } as const;
type Model = keyof typeof folders;

const begin = (model: Model) =>
  runEval({
    name: `sample benchmark, ${model}`,
    dataset,
    agent: scriptedAgent(model, dataset),
    ...(values.local
      ? { runtime: sampleLocalRuntime(), computers: { layout: sampleLocalLayout } }
      : { runtime: dockerRuntime({ pull: 'never' }), computers: { images: sampleImages } }),
    epochs: 3,
    concurrency: { tasks: 3, starts: 2 },
    store: folders[model],
    configuration: { model },
    keepArtifacts: true,
  });

// %% One model in a process of its own
if (values.only === 'careful' || values.only === 'hasty') {
  await begin(values.only);
  process.exit();
}

// %% Run the first one, and kill it in the middle
await rm('runs/full-eval', { recursive: true, force: true });
const script = fileURLToPath(import.meta.url);
const child = spawn(
  process.execPath,
  [...process.execArgv, script, ...process.argv.slice(2), '--only', 'careful'],
  { stdio: 'inherit' },
);
const ended = once(child, 'exit');
const samples = [...dataset].length * 3;
let done = 0;
while (done < samples / 2 && child.exitCode === null) {
  await wait(500);
  const run = await StoredRun.open(folders.careful).catch(() => undefined);
  done = (await run?.records())?.length ?? 0;
}
child.kill('SIGKILL');
await ended;
console.log(`Killed after ${done} of ${samples} samples.`);

// %% Go on, then run the other
for (const model of ['careful', 'hasty'] as const) {
  const run = begin(model);
  for await (const result of run) {
    const { finished, earnedDollars } = run.progress();
    const what = result.status === 'scored' ? result.outcome : result.status;
    console.log(
      `${model.padEnd(8)} ${String(finished).padStart(2)}/${samples}  ${result.taskId.padEnd(16)} epoch ${result.epoch}  ${what.padEnd(13)} $${earnedDollars}`,
    );
  }
  const { found, summary, status } = await run;
  if (found?.resumed === true)
    console.log(
      `Continued: ${found.finished} samples were done, ${found.interrupted} attempts had been cut off.`,
      `Those had cost $${summary.cost.unfinishedCost}.`,
    );
  const { earned, available, accuracy } = summary.overall;
  console.log(`${model}: ${status}, $${earned} of $${available}, accuracy ${accuracy?.toFixed(3)}\n`);
}

// %% Look at it
for (const folder of Object.values(folders)) {
  const files = await writeReport(folder, { tasks: dataset });
  const log = await writeInspectLog(folder, `${folder}/inspect.eval`);
  console.log([files.html, files.csv, files.markdown, files.summary, ...files.plots, log.file].join('\n'));
}

// %% And compare
const [careful, hasty] = await Promise.all(
  Object.values(folders).map(async (folder) => (await StoredRun.open(folder)).records()),
);
const { accuracy, earned } = compareRuns(hasty ?? [], careful ?? []);
console.log({ accuracy, earned });
