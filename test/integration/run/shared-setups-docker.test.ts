import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sampleDataset, sampleImages } from '../../../examples/sample-benchmark/sample-benchmark.js';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { pooledRuntime } from '../../../src/computer/pool/index.js';
import {
  type AgentFunction,
  type ComputerRuntime,
  goldAgent,
  imageName,
  noopAgent,
  runAblation,
  runTask,
  type RunTaskOptions,
  type Scorer,
  type SharedSetups,
  sharedSetups,
  SnapshotError,
  type SweLancerEvent,
  taskScorer,
} from '../../../src/index.js';
import { listLabelled } from '../../../src/computer/docker/labelled-objects.js';
import { docker, expectNothingLeft, nothing } from '../../fixtures/docker.js';
import { unmatchedStarts } from '../../fixtures/event-checks.js';

const dataset = await sampleDataset();
const task = dataset.get('60140_21');
const image = imageName(task, sampleImages);
const built = await docker
  .getImage(image)
  .inspect()
  .then(
    () => true,
    () => false,
  );
const missing = built
  ? ''
  : ` [skipped: there is no image ${image}: run examples/sample-benchmark/image/build.sh]`;
if (!built && process.env['SWELANCER_REQUIRE_DOCKER'] === '1') throw new Error(missing);

// Of this run alone: others may use the same engine.
const mark = randomUUID();
const label = `swelancer.test=${mark}`;
const runtime = dockerRuntime({ pull: 'never', labels: { 'swelancer.test': mark } });

async function run(setups: SharedSetups, options: Partial<RunTaskOptions> = {}) {
  const events: SweLancerEvent[] = [];
  const result = await runTask({
    task,
    agent: noopAgent(),
    runtime,
    scorer: taskScorer({ maxRounds: 1 }),
    computers: { images: sampleImages },
    setups,
    events: (event) => events.push(event),
    ...options,
  });
  expect(unmatchedStarts(events)).toEqual([]);
  const of = (type: SweLancerEvent['type']) => events.filter((event) => event.type === type);
  return { result, of };
}

/** For attempts that are about their start only: grading has tests of its own. */
const noGrading: Scorer = {
  name: 'none',
  score: async () => ({ outcome: 'tests_failed', value: 0, explanation: 'not graded', tries: [] }),
};

/** The same engine, but snapshots go wrong in the way given. */
function runtimeWith(snapshot: () => Promise<never>): ComputerRuntime {
  return {
    name: 'docker',
    start: async (request, options) => ({ ...(await runtime.start(request, options)), snapshot }),
  };
}

describe.skipIf(!built)(`set-ups that attempts share${missing}`, { timeout: 900_000 }, () => {
  expectNothingLeft(label);

  it('are gone through once by two attempts and their grading, which pay what they would have paid', async () => {
    const services = `ls /tmp/.X11-unix; cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -o '[X]vfb :99\\|[x]11vnc -display'; ls /setup_done.txt /tmp/.X99-lock`;
    let seen: string | undefined;
    const lookAround: AgentFunction = async ({ computer }) => {
      seen = (await computer.sendShellCommand(`${services}; ls -A / /tmp /run /dev/shm | grep aside`)).stdout;
    };
    {
      await using setups = sharedSetups();
      const first = await run(setups, { agent: goldAgent(dataset) });
      expect(first.result).toMatchObject({
        status: 'scored',
        passed: true,
        image,
        setup: { agent: 'full', grading: 'snapshot' },
      });
      expect(first.of('computer.snapshot.finished')).toHaveLength(1);
      const second = await run(setups, { agent: lookAround });
      expect(second.result).toMatchObject({
        status: 'scored',
        passed: false,
        outcome: 'tests_failed',
        setup: { agent: 'snapshot', grading: 'snapshot' },
      });
      expect(second.of('computer.starting')).toMatchObject([{ setup: 'snapshot' }, { setup: 'snapshot' }]);
      expect([...first.of('computer.degraded'), ...second.of('computer.degraded')]).toEqual([]);
      expect(second.of('diagnostic')).toEqual([]);
      expect((await listLabelled(docker, label)).images).toHaveLength(1);
    }
    expect(seen?.split('\n').sort()).toEqual(
      ['', '/setup_done.txt', '/tmp/.X99-lock', 'X99', 'Xvfb :99', 'x11vnc -display'].sort(),
    );
    expect(await listLabelled(docker, label)).toEqual(nothing);
  });

  it('are gone through once for all cells of an ablation', async () => {
    const starts: string[] = [];
    const { cells } = await runAblation({
      base: {
        dataset: dataset.select([task.id]),
        runtime,
        agent: goldAgent(dataset),
        scorer: noGrading,
        computers: { images: sampleImages },
        events: (event) => {
          if (event.type === 'computer.starting') starts.push(event.setup);
        },
      },
      variants: { tool: {}, 'no tool, open network': { userTool: false, computers: { network: 'open' } } },
    });
    expect(cells.map(({ status }) => status)).toEqual(['completed', 'completed']);
    expect(starts).toEqual(['full', 'snapshot']);
    expect(await listLabelled(docker, label)).toEqual(nothing);
  });

  it('are shared on the machine of a pool that has them, and gone through anew where that has no room', async () => {
    await using setups = sharedSetups();
    // Two members on one engine: which one has a copy is the pool's to know.
    const pool = pooledRuntime(
      ['one', 'two'].map((name) => ({ runtime, name, capacity: 1 })),
      { snapshotWaitMs: 100 },
    );
    const opening: Scorer = {
      name: 'opening',
      score: async ({ session }) => {
        await session.computer();
        return { outcome: 'tests_failed', value: 0, explanation: 'not graded', tries: [] };
      },
    };
    // The agent's computer takes the only place beside the copy.
    const first = await run(setups, { runtime: pool, scorer: opening });
    expect(first.result).toMatchObject({ status: 'scored', setup: { agent: 'full', grading: 'full' } });
    expect(first.of('computer.degraded')).toMatchObject([
      { reason: expect.stringMatching(/set up by itself.* had no room for 100 ms/) },
    ]);
    const second = await run(setups, { runtime: pool, scorer: noGrading });
    expect(second.result).toMatchObject({ status: 'scored', setup: { agent: 'snapshot' } });
  });

  it('are made by one of the attempts that start at once, while the others wait', async () => {
    await using setups = sharedSetups();
    const runs = await Promise.all([1, 2, 3].map(() => run(setups, { scorer: noGrading })));
    expect(runs.map(({ result }) => result.setup?.agent).sort()).toEqual(['full', 'snapshot', 'snapshot']);
    expect(runs.flatMap(({ of }) => of('computer.snapshot.started'))).toHaveLength(1);
    await setups.release(task.id);
    expect(await listLabelled(docker, label)).toEqual(nothing);
  });

  it('are not shared where the snapshot fails, and the attempt goes on', async () => {
    await using setups = sharedSetups();
    const broken = runtimeWith(async () => {
      throw new SnapshotError('The disk is full.', { reason: 'no_space' });
    });
    const agent: AgentFunction = async ({ computer }) => {
      expect((await computer.sendShellCommand('cat /setup_done.txt; ls /tmp/.X99-lock')).stdout).toBe(
        'done\n/tmp/.X99-lock\n',
      );
    };
    const { result, of } = await run(setups, { runtime: broken, scorer: noGrading, agent });
    expect(result).toMatchObject({ status: 'scored', setup: { agent: 'full' } });
    expect(of('computer.degraded')).toMatchObject([{ reason: expect.stringContaining('The disk is full.') }]);
    expect((await run(setups, { runtime: broken, scorer: noGrading })).result.setup?.agent).toBe('full');
  });

  it('are gone through again where a computer that starts from the snapshot does not get ready', async () => {
    await using setups = sharedSetups();
    // What starts from a snapshot ends at once.
    const dies = dockerRuntime({
      pull: 'never',
      labels: { 'swelancer.test': mark },
      command: [
        '[ -n "$RUNTIME_SETUP" ] || { sleep 1; echo no services here; exit 3; }; exec /app/tests/run.sh',
      ],
    });
    expect((await run(setups, { runtime: dies, scorer: noGrading })).result.setup?.agent).toBe('full');
    const { result, of } = await run(setups, { runtime: dies, scorer: noGrading });
    expect(result).toMatchObject({ status: 'scored', setup: { agent: 'full' } });
    expect(of('computer.degraded')).toMatchObject([{ reason: expect.stringContaining('no services here') }]);
    expect((await listLabelled(docker, label)).images).toEqual([]);
  });

  it('are not copied where the image comes with its set-up done', async () => {
    await using setups = sharedSetups();
    const environment = { extra: { RUNTIME_SETUP: '' } };
    const { result, of } = await run(setups, {
      computers: { images: sampleImages, environment },
      scorer: noGrading,
    });
    expect(result).toMatchObject({ status: 'scored', setup: { agent: 'full' } });
    expect(of('computer.snapshot.started')).toEqual([]);
    expect(of('computer.degraded')).toEqual([]);
  });
});
