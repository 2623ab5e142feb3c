import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { listLabelled } from '../../../src/computer/docker/labelled-objects.js';
import { expectNothingLeft, nothing, testRequest } from '../../fixtures/docker.js';
import { podmanNeed, podmanPossible, startPodmanService } from '../../fixtures/podman-service.js';

const service = podmanPossible ? await startPodmanService() : undefined;
afterAll(async () => service?.[Symbol.asyncDispose]());

const mark = randomUUID();
const label = `swelancer.test=${mark}`;
const options = { host: service?.host ?? 'unix://', labels: { 'swelancer.test': mark } };
const emit = () => undefined;

describe.skipIf(service === undefined)(`podman in the place of Docker${podmanNeed}`, () => {
  expectNothingLeft(label, service?.docker);

  test('output at the end of a command that leaves much input unread arrives', async () => {
    const computer = await dockerRuntime(options).start(testRequest(), { emit });
    try {
      for (let count = 0; count < 10; count++) {
        const { stdout } = await computer.sendShellCommand('exec <&-; printf all', {
          stdin: new Uint8Array(4 * 1024 ** 2),
        });
        expect(stdout).toBe('all');
      }
    } finally {
      await computer.cleanup();
    }
  });

  test('a container that dies as it starts is told with its exit code and last words', async () => {
    const runtime = dockerRuntime({ ...options, command: ['sh', '-c', 'echo last words; exit 3'] });
    await expect(runtime.start(testRequest(), { emit })).rejects.toMatchObject({
      code: 'computer_start',
      reason: 'died',
      lastLogLines: ['last words'],
      message: expect.stringContaining('exit code 3') as string,
    });
  });

  test('a container that dies under a command is told with its exit code', async () => {
    const computer = await dockerRuntime(options).start(testRequest(), { emit });
    try {
      const command = computer.sendShellCommand('kill $(pidof sleep); sleep 100');
      await expect(command).rejects.toMatchObject({ code: 'computer_lost', reason: 'ended' });
      expect(await computer.describe?.()).toMatchObject({ state: 'ended', exitCode: 143 });
    } finally {
      await computer.cleanup();
    }
  });

  test('a network is taken away, given back and cut, with proof', async () => {
    const computer = await dockerRuntime(options).start(testRequest(), { emit });
    try {
      for (const policy of ['none', 'open', 'cut', 'open'] as const) {
        const { checks } = await computer.setNetworkPolicy(policy);
        expect(checks.every(({ passed }) => passed)).toBe(true);
        const { stdout } = await computer.sendShellCommand('ip -4 addr show scope global up');
        expect(stdout.includes('inet')).toBe(policy !== 'none');
      }
    } finally {
      await computer.cleanup();
    }
  });

  test('ranges of addresses that run out are told as that', async () => {
    const runtime = dockerRuntime({ ...options, addressPool: '10.231.0.0/28' });
    const first = await runtime.start(testRequest(), { emit });
    try {
      await expect(runtime.start(testRequest(), { emit })).rejects.toMatchObject({
        reason: 'out_of_addresses',
      });
    } finally {
      await first.cleanup();
    }
  });

  test('a harness that is killed leaves nothing', async () => {
    const harness = fileURLToPath(new URL('../../fixtures/crashing-harness.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', harness, mark], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, DOCKER_HOST: options.host },
    });
    await once(createInterface(child.stdout), 'line');
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    const { docker } = service ?? {};
    await vi.waitFor(async () => expect(docker && (await listLabelled(docker, label))).toEqual(nothing), {
      timeout: 60_000,
      interval: 200,
    });
  });
});
