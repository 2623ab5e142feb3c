import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ComputerInterface, ComputerRequest } from '../../../src/computer/computer-interface.js';
import { dockerRuntime, type DockerRuntimeOptions } from '../../../src/computer/docker/index.js';
import { describeDocker, docker, expectNothingLeft, testRequest } from '../../fixtures/docker.js';

const mebibyte = 1024 * 1024;
const mark = randomUUID();
const labels = { 'swelancer.test': mark };
const emit = () => undefined;

async function withComputer(
  work: (computer: ComputerInterface) => Promise<void>,
  request: Partial<ComputerRequest> = {},
  options: DockerRuntimeOptions = {},
): Promise<void> {
  const computer = await dockerRuntime({ labels, ...options }).start(testRequest(request), { emit });
  try {
    await work(computer);
  } finally {
    await computer.cleanup();
  }
}

/** Starts a command and resolves with its (still open) result when it has written something. */
async function begin(computer: ComputerInterface, command: string, signal?: AbortSignal) {
  let result: Promise<unknown> = Promise.resolve();
  await new Promise<void>((resolve) => {
    result = computer.sendShellCommand(command, { onOutput: () => resolve(), signal, killGraceMs: 200 });
    result.catch(() => resolve());
  });
  return { result };
}

const memoryHog = `awk 'BEGIN { x = "aaaaaaaaaaaaaaaa"; while (1) x = x x }'`;

describeDocker('a container that meets a fault', () => {
  expectNothingLeft(`swelancer.test=${mark}`);

  test('and is killed in the middle of a command is lost, with exit code and last log lines', async () => {
    await withComputer(async (computer) => {
      const { result } = await begin(computer, 'echo begun; sleep 600');
      const lost = expect(result).rejects.toMatchObject({
        code: 'computer_lost',
        reason: 'ended',
        retryable: true,
        lastLogLines: ['ready'],
        message: expect.stringContaining('exit code 137') as string,
      });
      await docker.getContainer(computer.id ?? '').kill();
      await lost;
      await expect(computer.sendShellCommand('true')).rejects.toMatchObject({ code: 'computer_lost' });
      await expect(computer.upload(new Uint8Array(1), '/inside/x')).rejects.toMatchObject({
        code: 'computer_lost',
      });
      await expect(computer.download('/etc/passwd')).rejects.toMatchObject({ code: 'computer_lost' });
      expect(await computer.describe?.()).toMatchObject({
        state: 'ended',
        exitCode: 137,
        outOfMemory: false,
      });
    });
  });

  test('and is removed by somebody else is lost, and cleaning it up still removes its network', async () => {
    await withComputer(async (computer) => {
      const { result } = await begin(computer, 'echo begun; sleep 600');
      const lost = expect(result).rejects.toMatchObject({ code: 'computer_lost' });
      await docker.getContainer(computer.id ?? '').remove({ force: true });
      await lost;
    });
  });

  test('and has no memory left for a command says so in the result and lives on', async () => {
    await withComputer(
      async (computer) => {
        expect(await computer.sendShellCommand(`exec ${memoryHog}`)).toMatchObject({
          exitCode: 137,
          outOfMemory: true,
        });
        expect(await computer.sendShellCommand('exit 137')).toMatchObject({
          exitCode: 137,
          outOfMemory: false,
        });
        expect(await computer.sendShellCommand('echo alive')).toMatchObject({
          stdout: 'alive\n',
          outOfMemory: false,
        });
      },
      { resources: { memoryBytes: 32 * mebibyte } },
    );
  });

  test('and has no memory left for its own process is lost for that reason', async () => {
    const command = ['sh', '-c', `while [ ! -e /tmp/go ]; do sleep 0.1; done; exec ${memoryHog}`];
    await withComputer(
      async (computer) => {
        const { result } = await begin(computer, 'echo begun; touch /tmp/go; sleep 600');
        await expect(result).rejects.toMatchObject({ code: 'computer_lost', reason: 'out_of_memory' });
        expect(await computer.describe?.()).toMatchObject({ state: 'ended', outOfMemory: true });
      },
      { resources: { memoryBytes: 32 * mebibyte } },
      { command },
    );
  });

  test('and writes 500 MB is read in bounded memory, every byte counted', async () => {
    await withComputer(async (computer) => {
      const before = process.memoryUsage().rss;
      let highest = 0;
      let pieces = 0;
      const result = await computer.sendShellCommand('head -c 500000000 /dev/zero', {
        onOutput: () => {
          if (pieces++ % 500 === 0) highest = Math.max(highest, process.memoryUsage.rss());
        },
      });
      expect(result).toMatchObject({ exitCode: 0, captured: { stdout: { totalBytes: 500_000_000 } } });
      expect(highest - before).toBeLessThan(200 * mebibyte);
    });
  });

  const stubborn = `trap '' TERM
setsid sh -c "trap '' TERM; sleep 4242" &
(setsid sh -c "trap '' TERM; sleep 4242" >/dev/null 2>&1 &)
echo begun; sleep 4242`;

  test('and runs a TERM-proof command with detached children has none of them left after the deadline', async () => {
    await withComputer(async (computer) => {
      const failure = computer.sendShellCommand(stubborn, { timeoutMs: 1000, killGraceMs: 200 });
      await expect(failure).rejects.toMatchObject({
        code: 'command_timeout',
        partial: { stdout: 'begun\n' },
        kill: { outcome: 'confirmed', survivors: 0 },
      });
      expect((await computer.sendShellCommand('ps')).stdout).not.toMatch(/sleep 4242/);
    });
  });

  test('and runs a TERM-proof command with detached children has none of them left after an abort', async () => {
    await withComputer(async (computer) => {
      const controller = new AbortController();
      const { result } = await begin(computer, stubborn, controller.signal);
      controller.abort(new Error('changed my mind'));
      await expect(result).rejects.toMatchObject({
        code: 'aborted',
        kill: { outcome: 'confirmed', survivors: 0 },
      });
      expect((await computer.sendShellCommand('ps')).stdout).not.toMatch(/sleep 4242/);
    });
  });

  test('and has a fork bomb inside ends it at its time limit, proved dead, and works on', async () => {
    await withComputer(
      async (computer) => {
        // Every one of them starts more for as long as it lives, and TERM ends none.
        const bomb = `trap '' TERM; bomb() { while :; do bomb & sleep 0.01; done; }; echo begun; bomb 2>/dev/null & sleep 600`;
        await expect(
          computer.sendShellCommand(bomb, { timeoutMs: 5000, killGraceMs: 100 }),
        ).rejects.toMatchObject({
          code: 'command_timeout',
          partial: { stdout: 'begun\n' },
          kill: { outcome: 'confirmed', survivors: 0 },
        });
        expect((await computer.sendShellCommand('echo on')).stdout).toBe('on\n');
        expect(await computer.killAll?.()).toEqual({ outcome: 'confirmed', killed: 0, survivors: 0 });
      },
      { resources: { processes: 100 } },
    );
  });

  test('and leaves a background child holding the output does not keep the result waiting', async () => {
    await withComputer(async (computer) => {
      const result = await computer.sendShellCommand('sleep 600 & echo done');
      expect(result).toMatchObject({ exitCode: 0, stdout: 'done\n', leftoverProcesses: 1 });
    });
  });

  test('and loses the directory it was started in still runs commands', async () => {
    await withComputer(async (computer) => {
      await expect(computer.sendShellCommand('rm -rf /inside')).resolves.toMatchObject({ exitCode: 0 });
      await expect(computer.sendShellCommand('pwd', { cwd: '/' })).resolves.toMatchObject({ stdout: '/\n' });
      await expect(computer.sendShellCommand('pwd')).rejects.toMatchObject({ reason: 'working_directory' });
    });
  });
});
