// The main job on the sample benchmark, with no Docker and no API key: every task once with its known solution, which
// must earn all of the money, and once with an agent that does nothing, which must earn none.
import PQueue from 'p-queue';
import {
  type Agent,
  earned,
  goldAgent,
  noopAgent,
  RunEvents,
  runTask,
  headlineByVariant,
  taskScorer,
  type TaskResult,
} from 'swelancer';
import { sampleDataset, sampleLocalLayout, sampleLocalRuntime } from './sample-benchmark/sample-benchmark.js';

const dataset = await sampleDataset();
const runtime = sampleLocalRuntime((message) => console.warn(`note: ${message}\n`));

// %% Every command, tool call and scoring outcome is an event.
const events = new RunEvents();
const counts = new Map<string, number>();
events.on('*', ({ type }) => counts.set(type, (counts.get(type) ?? 0) + 1));

// %% Run. Tests that fail are run up to three times, as one of them is flaky; for the idle agent once is enough.
const queue = new PQueue({ concurrency: 2 });
const runAll = (agent: Agent, maxRounds: number) =>
  queue.addAll(
    [...dataset].map((task) => () => {
      const computers = { layout: sampleLocalLayout };
      return runTask({ task, agent, runtime, computers, scorer: taskScorer({ maxRounds }), events });
    }),
  );
const [gold, noop] = await Promise.all([runAll(goldAgent(dataset), 3), runAll(noopAgent(), 1)]);

// %% Look
const dollars = (amount: number) =>
  amount.toLocaleString('en-US', { style: 'currency', currency: 'USD', minimumFractionDigits: 0 });
const verdict = (result: TaskResult | undefined) =>
  result?.status === 'scored'
    ? result.outcome
    : result?.status === 'error'
      ? `error: ${result.error.code}`
      : result?.status;
const rows = [...dataset].map((task, index) => ({
  task: task.id,
  variant: task.variant,
  price: dollars(task.price),
  'gold solution': verdict(gold[index]),
  'gold earned': dollars(gold[index]?.earned ?? 0),
  'doing nothing': verdict(noop[index]),
  'nothing earned': dollars(noop[index]?.earned ?? 0),
}));
console.table(rows);
const paid = earned.compute(gold);
const unpaid = earned.compute(noop);
const pool = dataset.totals().dollars;
for (const [variant, { correct, samples, earned: sum }] of Object.entries(
  headlineByVariant().compute(gold),
)) {
  console.log(`${variant}: ${correct} of ${samples} solved by the gold solutions, ${dollars(sum)}`);
}
console.log(
  `The gold solutions earned ${dollars(paid)} of ${dollars(pool)}; doing nothing earned ${dollars(unpaid)}.`,
);
const commands = counts.get('command.started') ?? 0;
const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
console.log(`${total} events, among them ${commands} commands, each with its start and its end.`);
console.log('jsdom stood in for Chromium here. With Docker: npm run quickstart:docker');
if (paid !== pool || unpaid !== 0) process.exitCode = 1;
