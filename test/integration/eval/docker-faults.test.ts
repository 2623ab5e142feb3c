import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { sampleDataset, sampleImages } from '../../../examples/sample-benchmark/sample-benchmark.js';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { type ComputerRuntime, goldAgent, type Phase, runEval, StoredRun } from '../../../src/index.js';
import { describeDocker, docker, expectNothingLeft } from '../../fixtures/docker.js';

/** In each phase a command of it, before which its container is killed, once. */
const victims: readonly { readonly phase: Phase; readonly label: string }[] = [
  { phase: 'ready', label: 'look whether the set-up is done' },
  { phase: 'prepare', label: 'replace the history by one commit' },
  { phase: 'solve', label: 'apply the gold patch' },
  { phase: 'patch', label: 'compare with the base commit' },
  { phase: 'grade', label: 'end-to-end tests' },
];

/** Docker, whose containers are killed at the commands in `left`, one after another. */
function killing(runtime: ComputerRuntime, left: string[]): ComputerRuntime {
  return {
    ...runtime,
    start: async (request, options) => {
      const computer = await runtime.start(request, options);
      return {
        ...computer,
        sendShellCommand: async (command, call) => {
          if (call?.label !== undefined && call.label === left[0]) {
            left.shift();
            await docker.getContainer(computer.id ?? '').kill();
          }
          return await computer.sendShellCommand(command, call);
        },
      };
    },
  };
}

const store = mkdtempSync(join(tmpdir(), 'swelancer-faults-'));
afterAll(() => rmSync(store, { recursive: true, force: true }));

describeDocker('an evaluation of the sample benchmark in Docker', () => {
  it('earns its money although a container is killed in every phase, and runs the agent only where it must', async () => {
    const mark = `swelancer.test=${randomBytes(6).toString('hex')}`;
    const [label = '', value = ''] = mark.split('=');
    const dataset = (await sampleDataset()).limit(1);
    const left = victims.map(({ label }) => label);
    const gold = goldAgent(dataset);
    let solved = 0;
    const outcome = await runEval({
      dataset,
      agent: {
        name: gold.name,
        solve: (context) => {
          solved++;
          return gold.solve(context);
        },
      },
      runtime: killing(dockerRuntime({ pull: 'never', labels: { [label]: value } }), left),
      computers: { images: sampleImages },
      retries: { attempts: 4, gradings: 1, waitMs: 1 },
      store,
    });
    expect(left).toEqual([]);
    expect(outcome.summary.overall).toMatchObject({ correct: 1, earned: 50 });
    const run = await StoredRun.open(store);
    const attempts: string[] = [];
    for await (const { result } of run.attempts())
      attempts.push(
        result.status === 'error' ? `${result.error.code} in ${result.error.phase ?? '?'}` : result.status,
      );
    // A machine that dies while it sets itself up is told with its log, as a start that failed.
    expect(attempts).toEqual([
      'computer_start in ready',
      ...victims.slice(1).map(({ phase }) => `computer_lost in ${phase}`),
      'scored',
    ]);
    // Killed in grading: the work was there, and only graded again.
    expect(solved).toBe(3);
    expect(outcome.records[0]?.workOf).toBe(5);
    expectNothingLeft(mark);
  }, 600_000);
});
