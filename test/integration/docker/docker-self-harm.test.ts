import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DockerComputer, dockerRuntime } from '../../../src/computer/docker/index.js';
import { describeDocker, expectNothingLeft, testRequest } from '../../fixtures/docker.js';
import { describeSampleImage, sampleImage } from '../../fixtures/sample-image.js';

const mark = randomUUID();
const labels = { 'swelancer.test': mark };
const emit = () => undefined;

describeDocker('a container whose unprivileged commands kill all they may', () => {
  expectNothingLeft(`swelancer.test=${mark}`);
  const user = 'agent';

  test.each(['lane', 'exec'] as const)(
    'tells the fate of the commands, and has shells for the next ones (%s)',
    async (strategy) => {
      const computer = await dockerRuntime({ labels, strategy }).start(testRequest(), { emit });
      try {
        let begin: () => void = () => undefined;
        const begun = new Promise<void>((resolve) => {
          begin = resolve;
        });
        const bystander = computer.sendShellCommand('echo begun; sleep 600', { user, onOutput: begin });
        await begun;
        // The shell itself is spared by `kill -1`, and what becomes of it afterwards nobody is there to tell.
        const killer = await computer.sendShellCommand('echo before; kill -9 -1; exit 0', { user });
        expect(killer.stdout).toBe('before\n');
        expect([0, null]).toContain(killer.exitCode);
        const { exitCode, stdout } = await bystander;
        expect(stdout).toBe('begun\n');
        expect([137, null]).toContain(exitCode);
        const next = await Promise.all(
          ['1', '2'].map(
            async (text) => await computer.sendShellCommand(`sleep 0.1; echo ${text}`, { user }),
          ),
        );
        expect(next.map((result) => [result.exitCode, result.stdout])).toEqual([
          [0, '1\n'],
          [0, '2\n'],
        ]);
        expect(await computer.killAll?.()).toMatchObject({ outcome: 'confirmed', survivors: 0 });
      } finally {
        await computer.cleanup();
      }
    },
  );

  test('whose lane is stopped by its command goes on all the same', async () => {
    const computer = await dockerRuntime({ labels }).start(testRequest(), { emit });
    try {
      const stopped = await computer.sendShellCommand('kill -STOP $PPID; echo stopped; exit 4');
      expect(stopped).toMatchObject({ exitCode: 4, stdout: 'stopped\n' });
    } finally {
      await computer.cleanup();
    }
  });

  test('is lost, and says so, when its own process belongs to the same user', async () => {
    const computer = await dockerRuntime({ labels, user }).start(testRequest(), { emit });
    try {
      const killer = computer.sendShellCommand('kill -9 -1; sleep 600');
      await expect(killer).rejects.toMatchObject({ code: 'computer_lost', reason: 'ended', retryable: true });
      await expect(computer.sendShellCommand('true')).rejects.toMatchObject({ code: 'computer_lost' });
    } finally {
      await computer.cleanup();
    }
  });
});

describeSampleImage('a container with `pkill`', () => {
  expectNothingLeft(`swelancer.test=${mark}`);
  let computer: DockerComputer;
  beforeAll(async () => {
    const runtime = dockerRuntime({ labels, pull: 'never', entrypoint: ['sleep'], command: ['2147483647'] });
    computer = await runtime.start(testRequest({ image: sampleImage, workingDirectory: '/tmp' }), { emit });
  });
  afterAll(async () => {
    await computer.cleanup();
  });

  test.each([
    ['TERM', 143],
    ['KILL', 137],
  ])('runs `pkill -%s -f node` like any other command', async (signal, exitCode) => {
    const command = `node -e 'setInterval(() => undefined, 1e6); console.log("up")' >/tmp/up & node=$!
until grep -q up /tmp/up; do sleep 0.1; done
pkill -${signal} -f node; echo "pkill $?"; wait $node; exit $?`;
    const result = await computer.sendShellCommand(command, { user: 'nova' });
    expect(result).toMatchObject({ exitCode, stdout: 'pkill 0\n', leftoverProcesses: 0 });
    const next = await computer.sendShellCommand('rm /tmp/up; echo on', { user: 'nova' });
    expect(next).toMatchObject({ exitCode: 0, stdout: 'on\n' });
  });
});
