import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { sampleDataset, sampleImages } from '../../../examples/sample-benchmark/sample-benchmark.js';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { listLabelled } from '../../../src/computer/docker/labelled-objects.js';
import { type ComputerRuntime, goldAgent, type Phase, runEval, StoredRun } from '../../../src/index.js';
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

interface Faults {
  /** Done before a command is sent. */
  readonly before: (label: string | undefined, id: string) => Promise<void> | undefined;
  /** Done while one is under way. */
  readonly during?: ((label: string | undefined, id: string) => Promise<void> | undefined) | undefined;
  /** Done before a computer is given back. */
  readonly beforeCleanup: (id: string) => Promise<void> | undefined;
}

/** Docker, with faults where its computers are used. */
function faulty(runtime: ComputerRuntime, { before, during, beforeCleanup }: Faults): ComputerRuntime {
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

/** Runs one task to its end, over as many attempts as its faults take. */
async function run(runtime: ComputerRuntime) {
  const store = mkdtempSync(join(tmpdir(), 'swelancer-faults-'));
  folders.push(store);
  const dataset = (await sampleDataset()).limit(1);
  const gold = goldAgent(dataset);
  let solved = 0;
  const { summary, records } = await runEval({
    dataset,
    agent: {
      name: gold.name,
      solve: (context) => {
        solved++;
        return gold.solve(context);
      },
    },
    runtime,
    computers: { images: sampleImages },
    retries: { attempts: 5, gradings: 1, waitMs: 1 },
    store,
  });
  const attempts: string[] = [];
  for await (const { result } of (await StoredRun.open(store)).attempts())
    attempts.push(
      result.status === 'error' ? `${result.error.code} in ${result.error.phase ?? '?'}` : result.status,
    );
  return { overall: summary.overall, record: records[0], attempts, solved };
}

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
    const { overall, record, attempts, solved } = await run(runtime);
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
    expect(record?.workOf).toBe(6);
    // A dead container is given back like any other.
    expect(record?.warnings).toEqual([]);
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
    const { overall, record, attempts, solved } = await run(runtime);
    expect({ left, broken }).toEqual({ left: [], broken: ['start', 'grade', 'cleanup', 'removal'] });
    expect(overall).toMatchObject({ correct: 1, earned: 50 });
    expect(attempts).toEqual([
      'computer_start in start',
      'computer_start in ready',
      ...commands.slice(1).map(({ phase }) => `computer_lost in ${phase}`),
      'scored',
    ]);
    expect(solved).toBe(3);
    expect(record?.workOf).toBe(6);
    // The engine was asked again for what was not answered.
    expect(record?.warnings).toEqual([]);
    expect(await listLabelled(docker, mark)).toEqual(nothing);
  }, 600_000);
});

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
