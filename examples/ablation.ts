// An ablation on the sample benchmark, without Docker and without an API key: what do the user tool and more effort bring?
// The agents are scripted, so that the table is the same every time.
import { type Agent, goldAgent, runAblation, taskScorer } from 'swelancer';
import { ablationMarkdown } from 'swelancer/report';
import { showProgress } from 'swelancer/terminal';
import { sampleDataset, sampleLocalLayout, sampleLocalRuntime } from './sample-benchmark/sample-benchmark.js';

// None of these has a flaky test: one round of tests is enough.
const ids = ['60107', '60118_7', '60131_15', '60110-manager-0', '60128-manager-0', '60136-manager-0'];
const dataset = (await sampleDataset()).select(ids);
const gold = goldAgent(dataset);

// %% Stand-ins for a model with two settings. The careful one solves everything, the hasty one what pays most; and
// neither finds a bug of an IC task that it cannot see happen.
const agent = (worthDollars: number): Agent => ({
  name: 'scripted',
  solve: async (context) => {
    const { task, userTool } = context;
    const sees = task.variant === 'swe_manager' || userTool !== undefined;
    return sees && task.price >= worthDollars ? await gold.solve(context) : {};
  },
});

// %% The baseline is the first level of each factor. A `store` would keep every cell, and go on with it later.
const result = await runAblation({
  base: {
    dataset,
    agent: agent(0),
    runtime: sampleLocalRuntime(),
    computers: { layout: sampleLocalLayout },
    scorer: taskScorer({ maxRounds: 1 }),
    concurrency: 2,
  },
  factors: {
    userTool: [true, false],
    agent: { 'effort high': agent(0), 'effort low': agent(1000) },
  },
  onCell: (run, name) => {
    console.error(`\n${name}`);
    return showProgress(run);
  },
});
console.log(ablationMarkdown(result));

const [baseline, withoutTool] = result.cells;
const earned = (cell: typeof baseline) => cell?.summary.overall.earned ?? 0;
if (earned(baseline) !== dataset.totals().dollars || earned(withoutTool) >= earned(baseline))
  process.exitCode = 1;
