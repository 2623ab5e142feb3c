import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { listLabelled } from '../../../src/computer/docker/labelled-objects.js';
import { describeDocker, docker, expectNothingLeft, nothing, testRequest } from '../../fixtures/docker.js';

const mark = randomUUID();
const suite = `swelancer.test=${mark}`;
const harness = fileURLToPath(new URL('../../fixtures/crashing-harness.ts', import.meta.url));

/** Starts a harness of its own process, and kills it when its computer runs a command. */
async function crash(value: string, removeAfterCrash: boolean, snapshot = false): Promise<string> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', harness, value, String(removeAfterCrash), String(snapshot)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [name] = (await once(createInterface(child.stdout), 'line')) as [string];
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  return name;
}

describeDocker('a harness that dies without cleaning up', () => {
  expectNothingLeft(suite);

  test('leaves no container and no network', async () => {
    const name = await crash(mark, true);
    expect(name).toMatch(/^swelancer-/);
    await vi.waitFor(async () => expect(await listLabelled(docker, suite)).toEqual(nothing), {
      timeout: 60_000,
      interval: 200,
    });
  });

  test('leaves what the next sweep removes, which spares the living', async () => {
    const runtime = dockerRuntime({ labels: { 'swelancer.test': mark } });
    const living = await runtime.start(testRequest(), { emit: () => undefined });
    try {
      const name = await crash(mark, false);
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
      const image = await crash(mark, false, true);
      const images = async () => (await listLabelled(docker, suite)).images.map(({ name }) => name).sort();
      expect(await images()).toEqual([image, kept.image].sort());
      const report = await runtime.sweepOrphans();
      expect(report.removed).toContain(`image ${image}`);
      expect(report.spared).toContain(`image ${kept.image}`);
      expect(await images()).toEqual([kept.image]);
      await crash(mark, true, true);
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
