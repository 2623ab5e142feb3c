import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ComputerInterface, ComputerRequest } from '../../../src/computer/computer-interface.js';
import { dockerRuntime, type DockerRuntimeOptions } from '../../../src/computer/docker/index.js';
import { listLabelled } from '../../../src/computer/docker/labelled-objects.js';
import type { EmitEvent } from '../../../src/events/event.js';
import { Secret } from '../../../src/redaction.js';
import {
  describeDocker,
  docker,
  expectNothingLeft,
  importImage,
  nothing,
  testRequest,
} from '../../fixtures/docker.js';

const mebibyte = 1024 * 1024;
const mark = randomUUID();
const labels = { 'swelancer.test': mark };
const suite = `swelancer.test=${mark}`;
const silent: EmitEvent = () => undefined;

async function withComputer(
  work: (computer: ComputerInterface) => Promise<void>,
  request: Partial<ComputerRequest> = {},
  options: DockerRuntimeOptions = {},
): Promise<void> {
  const computer = await dockerRuntime({ labels, ...options }).start(testRequest(request), { emit: silent });
  try {
    await work(computer);
  } finally {
    await computer.cleanup();
  }
}

function inspect(computer: ComputerInterface) {
  return docker.getContainer(computer.id ?? '').inspect();
}

describeDocker('a computer on the Docker engine', () => {
  expectNothingLeft(suite);

  test('runs commands and tells their exit code and both streams', async () => {
    await withComputer(async (computer) => {
      const result = await computer.sendShellCommand('pwd; echo problem >&2; exit 3');
      expect(result).toMatchObject({
        exitCode: 3,
        stdout: '/inside\n',
        stderr: 'problem\n',
        outOfMemory: false,
      });
    });
  });

  test('gives commands its environment, their own on top, standard input and another user', async () => {
    await withComputer(
      async (computer) => {
        const both = await computer.sendShellCommand('echo $ONE $TWO; id -u; cat', {
          env: { TWO: 'two' },
          user: 'agent',
          stdin: 'typed',
        });
        expect(both.stdout).toBe('1 two\n1000\ntyped');
        expect((await computer.sendShellCommand('cat')).stdout).toBe('');
      },
      { environment: { ONE: new Secret('1') } },
    );
  });

  test('applies limits, labels and an init process', async () => {
    const resources = {
      cpus: 0.5,
      memoryBytes: 64 * mebibyte,
      processes: 50,
      sharedMemoryBytes: 8 * mebibyte,
    };
    await withComputer(
      async (computer) => {
        const { HostConfig: applied, Config: configuration } = await inspect(computer);
        expect(applied).toMatchObject({
          NanoCpus: 5e8,
          Memory: 64 * mebibyte,
          MemorySwap: 64 * mebibyte,
          PidsLimit: 50,
          ShmSize: 8 * mebibyte,
          Init: true,
          AutoRemove: true,
        });
        expect(configuration.Labels).toMatchObject({
          mine: 'yes',
          'swelancer.computer': computer.id,
          'swelancer.purpose': 'grading',
        });
        expect((await computer.sendShellCommand('df -k /dev/shm')).stdout).toContain('8192');
      },
      { resources, purpose: 'grading', labels: { mine: 'yes' } },
    );
  });

  test('keeps the benchmark well supplied by default', async () => {
    await withComputer(async (computer) => {
      const { HostConfig: applied } = await inspect(computer);
      expect(applied).toMatchObject({ ShmSize: 2048 * mebibyte, PidsLimit: 4096 });
    });
  });

  test('stands alone in a network of its own, or in the one that is named', async () => {
    await withComputer(async (computer) => {
      const { NetworkSettings: settings } = await inspect(computer);
      expect(Object.keys(settings.Networks)).toEqual([computer.id]);
    });
    await withComputer(
      async (computer) => {
        expect((await inspect(computer)).HostConfig.NetworkMode).toBe('none');
        expect((await listLabelled(docker, suite)).networks).toEqual([]);
      },
      {},
      { network: 'none' },
    );
  });

  test('tells its state and the last lines of its own process', async () => {
    const command = ['sh', '-c', 'for n in $(seq 100); do echo line $n; done; exec sleep 1000'];
    await withComputer(
      async (computer) => {
        await computer.sendShellCommand('true');
        const description = await computer.describe?.();
        expect(description).toMatchObject({ state: 'running', image: 'swelancer-test:busybox-2' });
        expect(description?.lastLogLines).toHaveLength(40);
        expect(description?.lastLogLines?.at(-1)).toBe('line 100');
      },
      {},
      { command },
    );
  });

  test('is removed with its network once, however often it is cleaned up', async () => {
    const computer = await dockerRuntime({ labels }).start(testRequest(), { emit: silent });
    await Promise.all([computer.cleanup(), computer.cleanup()]);
    await computer.cleanup();
    expect(await listLabelled(docker, `swelancer.computer=${computer.id ?? ''}`)).toEqual(nothing);
    await expect(computer.sendShellCommand('true')).rejects.toMatchObject({ reason: 'cleaned_up' });
  });

  test('that dies while it starts says its last words, and nothing of it is left', async () => {
    const runtime = dockerRuntime({ labels, command: ['sh', '-c', 'echo the disk is on fire >&2; exit 7'] });
    const start = runtime.start(testRequest(), { emit: silent });
    await expect(start).rejects.toMatchObject({
      code: 'computer_start',
      reason: 'died',
      lastLogLines: ['the disk is on fire'],
    });
    await expect(start).rejects.toThrow(/exit code 7/);
    expect((await listLabelled(docker, suite)).networks).toEqual([]);
  });

  test('ends what is under way as another user, and commands after it, where its own is not root', async () => {
    const computer = await dockerRuntime({ labels, user: 'agent' }).start(testRequest(), { emit: silent });
    try {
      const begun = new Promise<void>((resolve) => {
        const options = { user: 'root', onOutput: () => resolve() };
        void computer.sendShellCommand('echo begun; sleep 600', options).catch(() => undefined);
      });
      await begun;
      expect(await computer.killAll?.()).toMatchObject({ outcome: 'confirmed', survivors: 0 });
      for (const user of ['root', undefined]) {
        const next = computer.sendShellCommand('sleep 600', { user, timeoutMs: 1000, killGraceMs: 0 });
        await expect(next).rejects.toMatchObject({ kill: { outcome: 'confirmed' } });
      }
    } finally {
      await computer.cleanup();
    }
  });

  test('without a shell says that, and nothing of it is left', async () => {
    const image = 'swelancer-test:no-shell';
    await importImage(docker, image, ['sh', 'ash', 'hush', 'bash']);
    try {
      const runtime = dockerRuntime({ labels, command: ['sleep', '1000'] });
      const start = runtime.start({ ...testRequest(), image }, { emit: silent });
      await expect(start).rejects.toMatchObject({ code: 'computer_start', retryable: false });
      await expect(start).rejects.toThrow(/has no `sh` in the PATH/);
      expect((await listLabelled(docker, suite)).networks).toEqual([]);
    } finally {
      await docker.getImage(image).remove({ force: true });
    }
  });

  test('that is aborted between creation and start leaves nothing', async () => {
    const controller = new AbortController();
    const emit: EmitEvent = (type) => {
      if (type === 'computer.created') controller.abort();
    };
    const start = dockerRuntime({ labels }).start(testRequest(), { emit, signal: controller.signal });
    await expect(start).rejects.toMatchObject({ code: 'aborted' });
    expect(await listLabelled(docker, suite)).toEqual(nothing);
  });

  test.each([0, 5, 20, 60, 150, 300])(
    'whose start runs out of time after %i ms leaves nothing',
    async (timeoutMs) => {
      const start = dockerRuntime({ labels }).start(testRequest(), { emit: silent, timeoutMs });
      await start.then(
        async (computer) => await computer.cleanup(),
        (error: unknown) =>
          expect(error).toMatchObject({ code: expect.stringMatching(/computer_start|timeout/) as string }),
      );
      expect(await listLabelled(docker, suite)).toEqual(nothing);
    },
  );
});
