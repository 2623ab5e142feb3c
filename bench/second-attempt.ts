import {
  type AgentFunction,
  type ComputerRuntime,
  runTask,
  type Scorer,
  type SharedSetups,
  sharedSetups,
} from 'swelancer';
import { dockerRuntime } from 'swelancer/docker';
import { sampleDataset, sampleImages } from '../examples/sample-benchmark/sample-benchmark.js';
import { docker, isHere, missingDocker } from './docker-place.js';
import type { RowGroup } from './row.js';
import { isTrial } from './effort.js';

const sampleImage = 'swelancer_sample_monolith:latest';
/** Seconds added to the sample's set-up of about ten, which makes it as long as a real one without its download. */
const addedSetupSeconds = 120;

/** How soon an agent gets to work: in a task's first attempt, and in those that start from its set-up. */
export const secondAttempt: RowGroup = {
  name: 'second-attempt',
  missing: async () => {
    const missing = await missingDocker();
    if (missing !== undefined || (await isHere(sampleImage))) return missing;
    return `there is no image ${sampleImage}: run examples/sample-benchmark/image/build.sh`;
  },
  measure: async (report) => {
    for (const addedSeconds of isTrial ? [0] : [0, addedSetupSeconds]) {
      await using setups = sharedSetups();
      const command = [`[ -z "$RUNTIME_SETUP" ] || sleep ${addedSeconds}; exec /app/tests/run.sh`];
      const runtime = dockerRuntime({ docker, pull: 'never', command });
      const attempt = async () => untilFirstCommand(setups, runtime);
      const peer = { name: 'first attempt', figure: { value: await attempt(), unit: 's' } } as const;
      const ours = { value: await attempt(), unit: 's' } as const;
      const what = `first command of a second attempt, set-up ${addedSeconds === 0 ? 'as it is' : `+ ${addedSeconds} s`}`;
      report({ what, ours, peer, bar: { kind: 'times', value: 10 } });
    }
  },
};

const noGrading: Scorer = {
  name: 'none',
  score: async () => ({ outcome: 'tests_failed', value: 0, explanation: 'not graded', tries: [] }),
};

/** Seconds from the call to the end of the agent's first command. */
async function untilFirstCommand(setups: SharedSetups, runtime: ComputerRuntime): Promise<number> {
  const dataset = await sampleDataset();
  const startedAt = performance.now();
  let tookMs = Number.NaN;
  const agent: AgentFunction = async ({ computer }) => {
    await computer.checkShellCommand('true');
    tookMs = performance.now() - startedAt;
  };
  const task = dataset.get('60140_21');
  const result = await runTask({
    task,
    agent,
    runtime,
    setups,
    scorer: noGrading,
    computers: { images: sampleImages },
  });
  if (result.status !== 'scored')
    throw new Error(`The attempt ended as ${result.status}: ${JSON.stringify(result)}`);
  return tookMs / 1000;
}
