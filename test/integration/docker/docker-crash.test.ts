import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { crashReaperText } from '../../../src/computer/docker/crash-reaper-text.js';
import { listLabelled } from '../../../src/computer/docker/labelled-objects.js';
import { describeDocker, docker, expectNothingLeft, nothing, testRequest } from '../../fixtures/docker.js';

const mark = randomUUID();
const suite = `swelancer.test=${mark}`;
const harness = fileURLToPath(new URL('../../fixtures/crashing-harness.ts', import.meta.url));

interface Crash {
  readonly removeAfterCrash?: boolean;
  readonly snapshot?: boolean;
  /** The container's. Default: the image's. */
  readonly user?: string;
  /** Before the harness is killed. */
  readonly prepare?: (harnessPid: number) => Promise<void>;
}

/** Starts a harness of its own process, and kills it when its computer runs a command. */
async function crash(options: Crash = {}): Promise<string> {
  const { removeAfterCrash = true, snapshot = false, user = '', prepare } = options;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', harness, mark, String(removeAfterCrash), String(snapshot), '', user],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(child, 'exit');
  try {
    const [name] = (await once(createInterface(child.stdout), 'line')) as [string];
    await prepare?.(child.pid ?? 0);
    return name;
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

/** Ends the process that removes what a killed harness leaves, and waits for its end. */
async function killReaper(harnessPid: number): Promise<void> {
  const children = readFileSync(`/proc/${harnessPid}/task/${harnessPid}/children`, 'utf8').trim().split(' ');
  const isReaper = (pid: string) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(crashReaperText);
  const reapers = children.filter(isReaper);
  expect(reapers).toHaveLength(1);
  process.kill(Number(reapers[0]), 'SIGKILL');
  await vi.waitFor(() => expect(existsSync(`/proc/${reapers[0]}`)).toBe(false), { timeout: 30_000 });
}

describeDocker('a harness that dies without cleaning up', () => {
  expectNothingLeft(suite);

  test('leaves no container and no network', async () => {
    const name = await crash();
    expect(name).toMatch(/^swelancer-/);
    await vi.waitFor(async () => expect(await listLabelled(docker, suite)).toEqual(nothing), {
      timeout: 60_000,
      interval: 200,
    });
  });

  test.each(['root', 'agent'])(
    'leaves no container of %s where what removes it was killed too',
    async (user) => {
      const name = await crash({ user, prepare: killReaper });
      try {
        await vi.waitFor(async () => expect((await listLabelled(docker, suite)).containers).toEqual([]), {
          timeout: 60_000,
          interval: 200,
        });
        // Nothing on an engine removes a network: that it is there shows who has ended the container.
        const { networks } = await listLabelled(docker, suite);
        expect(networks).toEqual([expect.objectContaining({ name })]);
      } finally {
        await docker
          .getContainer(name)
          .remove({ force: true })
          .catch(() => undefined);
        await docker.getNetwork(name).remove();
      }
    },
  );

  test('leaves what the next sweep removes, which spares the living', async () => {
    const runtime = dockerRuntime({ labels: { 'swelancer.test': mark } });
    const living = await runtime.start(testRequest(), { emit: () => undefined });
    try {
      const name = await crash({ removeAfterCrash: false });
      expect((await listLabelled(docker, suite)).containers.map((found) => found.name)).toContain(name);
      const report = await runtime.sweepOrphans();
      expect(report.removed).toEqual(expect.arrayContaining([`container ${name}`, `network ${name}`]));
      expect(report.spared).toEqual(
        expect.arrayContaining([`container ${living.id ?? ''}`, `network ${living.id ?? ''}`]),
      );
      expect(report.failed).toEqual([]);
      expect((await living.sendShellCommand('echo alive')).stdout).toBe('alive\n');
      expect((await listLabelled(docker, suite)).containers.map((found) => found.name)).toEqual([living.id]);
    } finally {
      await living.cleanup();
    }
  });

  test('leaves snapshots too, which go without those of the living', async () => {
    const runtime = dockerRuntime({ labels: { 'swelancer.test': mark } });
    const living = await runtime.start(testRequest(), { emit: () => undefined });
    try {
      await using kept = await living.snapshot();
      const image = await crash({ removeAfterCrash: false, snapshot: true });
      const images = async () => (await listLabelled(docker, suite)).images.map(({ name }) => name).sort();
      expect(await images()).toEqual([image, kept.image].sort());
      const report = await runtime.sweepOrphans();
      expect(report.removed).toContain(`image ${image}`);
      expect(report.spared).toContain(`image ${kept.image}`);
      expect(await images()).toEqual([kept.image]);
      await crash({ snapshot: true });
      await vi.waitFor(async () => expect(await images()).toEqual([kept.image]), {
        timeout: 60_000,
        interval: 200,
      });
    } finally {
      await living.cleanup();
    }
  });

  test('on another machine is spared until its leftovers are old', async () => {
    const labels = {
      'swelancer.computer': 'foreign',
      'swelancer.test': mark,
      'swelancer.owner': 'another-machine/1/1',
      'swelancer.created': '2020-01-01T00:00:00.000Z',
    };
    const network = await docker.createNetwork({ Name: `swelancer-foreign-${mark}`, Labels: labels });
    const title = `network swelancer-foreign-${mark}`;
    try {
      const runtime = dockerRuntime();
      expect((await runtime.sweepOrphans()).spared).toContain(title);
      expect((await runtime.sweepOrphans({ foreignOlderThanMs: 1000 })).removed).toContain(title);
    } finally {
      await network.remove().catch(() => undefined);
    }
  });

  test('is not needed for the exec that guards a container to be replaced when the agent kills it', async () => {
    const runtime = dockerRuntime({ labels: { 'swelancer.test': mark } });
    const computer = await runtime.start(testRequest(), { emit: () => undefined });
    try {
      const guards = async () =>
        (
          await computer.sendShellCommand("ps -o pid,args | grep '[w]hile read -r line' | cut -c1-5")
        ).stdout.trim();
      const first = await guards();
      expect(first).toMatch(/^\d+$/);
      await computer.sendShellCommand(`kill -9 ${first}`);
      await vi.waitFor(async () => expect(await guards()).toMatch(/^\d+$/), { timeout: 30_000 });
      expect(await guards()).not.toBe(first);
    } finally {
      await computer.cleanup();
    }
  });
});
