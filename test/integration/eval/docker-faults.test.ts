import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { sampleDataset, sampleImages } from '../../../examples/sample-benchmark/sample-benchmark.js';
import { type DockerRuntime, dockerRuntime } from '../../../src/computer/docker/index.js';
import { listLabelled } from '../../../src/computer/docker/labelled-objects.js';
import {
  type AgentContext,
  type ComputerRuntime,
  type EvalOptions,
  goldAgent,
  type GradingSession,
  type Phase,
  runEval,
  type Scorer,
  StoredRun,
} from '../../../src/index.js';
import { describeDocker, docker, nothing } from '../../fixtures/docker.js';
import { engineLink } from '../../fixtures/engine-link.js';

/** In each phase between start and clean-up, a command of it. */
const commands: readonly { readonly phase: Phase; readonly label: string }[] = [
  { phase: 'ready', label: 'look whether the set-up is done' },
  { phase: 'prepare', label: 'replace the history by one commit' },
  { phase: 'solve', label: 'apply the gold patch' },
  { phase: 'patch', label: 'compare with the base commit' },
  { phase: 'grade', label: 'end-to-end tests' },
];
const labels = commands.map(({ label }) => label);

/** What no command does. */
const cutting = 'cut the network';

interface Faults {
  /** Done before a command is sent. */
  readonly before: (label: string | undefined, id: string) => Promise<void> | undefined;
  /** Done while one is under way. */
  readonly during?: ((label: string | undefined, id: string) => Promise<void> | undefined) | undefined;
  /** Done before a computer is given back. */
  readonly beforeCleanup: (id: string) => Promise<void> | undefined;
}

/** Docker, with faults where its computers are used. */
function faulty(runtime: DockerRuntime, { before, during, beforeCleanup }: Faults): ComputerRuntime {
  return {
    ...runtime,
    start: async (request, options) => {
      const computer = await runtime.start(request, options);
      const id = computer.id ?? '';
      return {
        ...computer,
        sendShellCommand: async (command, call) => {
          await before(call?.label, id);
          const result = computer.sendShellCommand(command, call);
          const [ended] = await Promise.all([result, during?.(call?.label, id)]);
          return ended;
        },
        setNetworkPolicy: async (policy, call) => {
          await before(cutting, id);
          return await computer.setNetworkPolicy(policy, call);
        },
        cleanup: async (call) => {
          await beforeCleanup(id);
          await computer.cleanup(call);
        },
      };
    },
  };
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

interface FaultyRun extends Partial<Pick<EvalOptions, 'epochs' | 'concurrency' | 'scorer' | 'events'>> {
  readonly taskIds: readonly string[];
  /** Done before the agent works. */
  readonly beforeSolve?: ((context: AgentContext) => Promise<void>) | undefined;
}

/** Runs tasks to their end, over as many attempts as their faults take. */
async function run(runtime: ComputerRuntime, { taskIds, beforeSolve, ...options }: FaultyRun) {
  const store = mkdtempSync(join(tmpdir(), 'swelancer-faults-'));
  folders.push(store);
  const dataset = (await sampleDataset()).select(taskIds);
  const gold = goldAgent(dataset);
  let solved = 0;
  const { summary, records } = await runEval({
    dataset,
    agent: {
      name: gold.name,
      solve: async (context) => {
        solved++;
        await beforeSolve?.(context);
        return await gold.solve(context);
      },
    },
    runtime,
    computers: { images: sampleImages },
    retries: { attempts: 6, gradings: 1, waitMs: 1 },
    store,
    ...options,
  });
  const attempts: string[] = [];
  for await (const { result } of (await StoredRun.open(store)).attempts())
    attempts.push(
      result.status === 'error' ? `${result.error.code} in ${result.error.phase ?? '?'}` : result.status,
    );
  return { overall: summary.overall, records, attempts, solved };
}

const [icTask, managerTask] = ['60107', '60110-manager-0'];

function newMark() {
  const mark = `swelancer.test=${randomBytes(6).toString('hex')}`;
  const [label = '', value = ''] = mark.split('=');
  return { mark, labels: { [label]: value } };
}

/** The container that a request is to start. */
const startedBy = (line: string) => /^POST \S*\/containers\/([^/]+)\/start /.exec(line)?.[1];

describeDocker('an evaluation of the sample benchmark in Docker', () => {
  it('earns its money although a container is killed in every phase, and runs the agent only where it must', async () => {
    const { mark, labels: own } = newMark();
    const left = [...labels];
    const killed: string[] = [];
    const once = (what: string) => !killed.includes(what) && killed.push(what) > 0;
    await using link = await engineLink({
      onAnswer: (line) => {
        const id = startedBy(line);
        return id !== undefined && once('start') ? killUnanswered(id) : undefined;
      },
    });
    const runtime = faulty(dockerRuntime({ host: link.host, pull: 'never', labels: own }), {
      before: (label, id) => {
        if (label === undefined || label !== left[0]) return undefined;
        left.shift();
        return docker.getContainer(id).kill();
      },
      beforeCleanup: async (id) => {
        const container = docker.getContainer(id);
        if (left.length > 0 || !(await container.inspect()).State.Running) return;
        if (once('cleanup')) await container.kill();
      },
    });
    const { overall, records, attempts, solved } = await run(runtime, { taskIds: [icTask] });
    expect({ left, killed }).toEqual({ left: [], killed: ['start', 'cleanup'] });
    expect(overall).toMatchObject({ correct: 1, earned: 50 });
    // A machine that dies while it sets itself up is told with its log, as a start that failed.
    expect(attempts).toEqual([
      'computer_start in start',
      'computer_start in ready',
      ...commands.slice(1).map(({ phase }) => `computer_lost in ${phase}`),
      'scored',
    ]);
    // Killed in grading: the work was there, and only graded again.
    expect(solved).toBe(3);
    expect(records[0]?.workOf).toBe(6);
    // A dead container is given back like any other.
    expect(records[0]?.warnings).toEqual([]);
    expect(await listLabelled(docker, mark)).toEqual(nothing);
  }, 600_000);

  it('earns its money although its link to the engine breaks in every phase', async () => {
    const { mark, labels: own } = newMark();
    // Tests take long enough for the link to break while they run.
    const left = labels.slice(0, -1);
    const broken: string[] = [];
    const once = (what: string) => !broken.includes(what) && broken.push(what) > 0;
    await using link = await engineLink({
      onRequest: (line) => {
        if (startedBy(line) !== undefined && once('start')) return 'drop';
        const removes = line.startsWith('DELETE ') && broken.includes('cleanup');
        return removes && once('removal') ? 'drop' : undefined;
      },
    });
    const runtime = faulty(dockerRuntime({ host: link.host, pull: 'never', labels: own }), {
      before: async (label) => {
        if (label === undefined || label !== left[0]) return;
        left.shift();
        link.cut();
      },
      during: async (label, id) => {
        if (label !== labels.at(-1) || broken.includes('grade')) return;
        await expect.poll(() => processesOf(id), { timeout: 120_000 }).toMatch(/pytest/);
        if (once('grade')) link.cut();
      },
      beforeCleanup: async () => {
        if (broken.includes('grade') && once('cleanup')) link.cut();
      },
    });
    const { overall, records, attempts, solved } = await run(runtime, { taskIds: [icTask] });
    expect({ left, broken }).toEqual({ left: [], broken: ['start', 'grade', 'cleanup', 'removal'] });
    expect(overall).toMatchObject({ correct: 1, earned: 50 });
    expect(attempts).toEqual([
      'computer_start in start',
      'computer_start in ready',
      ...commands.slice(1).map(({ phase }) => `computer_lost in ${phase}`),
      'scored',
    ]);
    expect(solved).toBe(3);
    expect(records[0]?.workOf).toBe(6);
    // The engine was asked again for what was not answered.
    expect(records[0]?.warnings).toEqual([]);
    expect(await listLabelled(docker, mark)).toEqual(nothing);
  }, 600_000);

  it('earns the money of a manager task although a container is killed in every phase', async () => {
    const { mark, labels: own } = newMark();
    // The manager's own, and of a phase without a command of the harness its agent.
    const left = [
      cutting,
      'return to the code the manager saw',
      'solve',
      'look for /app/expensify/manager_decisions.json',
    ];
    const killed: string[] = [];
    const once = (what: string) => !killed.includes(what) && killed.push(what) > 0;
    const killAt = async (what: string | undefined, id: string) => {
      if (what === undefined || what !== left[0]) return;
      left.shift();
      await docker.getContainer(id).kill();
    };
    await using link = await engineLink({
      onAnswer: (line) => {
        const id = startedBy(line);
        return id !== undefined && once('start') ? killUnanswered(id) : undefined;
      },
    });
    const runtime = faulty(dockerRuntime({ host: link.host, pull: 'never', labels: own }), {
      before: killAt,
      beforeCleanup: async (id) => {
        const container = docker.getContainer(id);
        if (left.length > 0 || !(await container.inspect()).State.Running) return;
        if (once('cleanup')) await container.kill();
      },
    });
    const { overall, records, attempts, solved } = await run(runtime, {
      taskIds: [managerTask],
      beforeSolve: async ({ computer }) => await killAt('solve', computer.id),
    });
    expect({ left, killed }).toEqual({ left: [], killed: ['start', 'cleanup'] });
    expect(overall).toMatchObject({ correct: 1, earned: 250 });
    expect(attempts).toEqual([
      'computer_start in start',
      'computer_lost in ready',
      'computer_lost in prepare',
      'computer_lost in solve',
      // What nobody can read is not what nobody wrote.
      'computer_lost in patch',
      'scored',
    ]);
    expect(solved).toBe(3);
    expect(records[0]?.warnings).toEqual([]);
    expect(await listLabelled(docker, mark)).toEqual(nothing);
  }, 600_000);

  it('earns its money in both epochs although the set-up they share meets a fault', async () => {
    const { mark, labels: own } = newMark();
    const [lostAnswer, removed, killed] = ['60107', '60112_3', '60118_7'];
    const met: string[] = [];
    const once = (what: string) => !met.includes(what) && met.push(what) > 0;
    /** By name and by the engine's own id. */
    const taskOf = new Map<string, string>();
    const copies = new Set<string>();
    await using link = await engineLink({
      onAnswer: (line) => {
        const container = /^POST \S*\/commit\?\S*\bcontainer=([0-9a-f]+)/.exec(line)?.[1] ?? '';
        if (taskOf.get(container) !== lostAnswer || !once('the answer to the commit is lost'))
          return undefined;
        return Promise.reject(new Error('The answer is lost.'));
      },
    });
    const inner = faulty(dockerRuntime({ host: link.host, pull: 'never', labels: own }), {
      before: async (label, id) => {
        if (taskOf.get(id) !== killed) return;
        const isFirst = label === 'put it back' && once('the one that was copied is killed');
        const isUser = copies.has(id) && label === 'look whether the set-up is done';
        if (isFirst || (isUser && once('one that starts from the copy is killed')))
          await docker.getContainer(id).kill();
      },
      beforeCleanup: () => undefined,
    });
    const runtime: ComputerRuntime = {
      ...inner,
      start: async (request, options) => {
        const taskId = request.labels?.['swelancer.task'] ?? '';
        // In the second epoch: the grading of the first one has started from it.
        if (taskId === removed && request.purpose === 'agent' && isSnapshot(request.image)) {
          if (once('the copy is removed')) await docker.getImage(request.image).remove();
        }
        const computer = await inner.start(request, options);
        const id = computer.id ?? '';
        for (const name of [id, (await docker.getContainer(id).inspect()).Id]) taskOf.set(name, taskId);
        if (isSnapshot(request.image)) copies.add(id);
        return computer;
      },
    };
    const both = async (taskId: string) => {
      const degraded: string[] = [];
      const { records, attempts } = await run(runtime, {
        taskIds: [taskId],
        epochs: 2,
        concurrency: 1,
        scorer: patchScorer(taskId === removed ? 'in a computer' : 'here'),
        events: (event) => {
          if (event.type === 'computer.degraded') degraded.push(event.reason);
        },
      });
      expect(records).toMatchObject([1, 2].map(() => ({ status: 'scored', passed: true, warnings: [] })));
      return { setups: records.map(({ setup }) => setup), attempts, degraded };
    };
    const [first, second, third] = await Promise.all([lostAnswer, removed, killed].map(both));
    const full = { agent: 'full' };
    expect(first).toEqual({
      setups: [full, full],
      attempts: ['scored', 'scored'],
      degraded: [expect.stringMatching(/^Its set-up is not shared/)],
    });
    expect(second).toEqual({
      setups: [
        { agent: 'full', grading: 'snapshot' },
        { agent: 'full', grading: 'full' },
      ],
      attempts: ['scored', 'scored'],
      degraded: [expect.stringMatching(/^It is set up by itself: .* is not on the engine/)],
    });
    expect(third).toEqual({
      setups: [full, full],
      attempts: ['computer_lost in ready', 'scored', 'scored'],
      degraded: [expect.stringMatching(/^It is set up by itself: .* did not get ready/)],
    });
    expect(met).toHaveLength(4);
    expect(await listLabelled(docker, mark)).toEqual(nothing);
  }, 600_000);
});

const isSnapshot = (image: string) => image.startsWith('swelancer-snapshot:');

/** Pays for any patch, here or by a look at the computer that grades: the tests take their time, and meet no fault here. */
function patchScorer(where: 'here' | 'in a computer'): Scorer {
  return {
    name: 'patch',
    score: async ({ session }) => {
      const isPatched =
        where === 'here' ? session.patch !== undefined : await isChanged(await session.computer());
      const outcome = isPatched ? 'passed' : 'tests_failed';
      return { outcome, value: isPatched ? 1 : 0, explanation: 'looked', tries: [] };
    },
  };
}

async function isChanged({ computer, layout }: Awaited<ReturnType<GradingSession['computer']>>) {
  const { exitCode } = await computer.sendShellCommand('git diff --quiet HEAD', { cwd: layout.repository });
  return exitCode === 1;
}

/** One that dies by itself as it starts would do so again, and ends its sample; of this one the engine's answer is lost too. */
async function killUnanswered(id: string): Promise<void> {
  const container = docker.getContainer(id);
  const ended = container.wait();
  await container.kill();
  await ended;
  throw new Error('The answer is lost.');
}

async function processesOf(id: string): Promise<string> {
  return JSON.stringify(await docker.getContainer(id).top());
}
