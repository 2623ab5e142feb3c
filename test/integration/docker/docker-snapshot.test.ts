import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { SnapshotError } from '../../../src/computer/index.js';
import { describeDocker, docker, expectNothingLeft, testRequest } from '../../fixtures/docker.js';
import { engineLink } from '../../fixtures/engine-link.js';

const mark = randomUUID();
const labels = { 'swelancer.test': mark };
const emit = () => undefined;

describeDocker('a snapshot', () => {
  expectNothingLeft(`swelancer.test=${mark}`);

  test('starts others where the first one was, and they do not see each other', async () => {
    // With `always`, to show that nobody tries to pull a snapshot.
    const runtime = dockerRuntime({ labels, pull: 'always' });
    const first = await dockerRuntime({ labels }).start(testRequest(), { emit });
    await first.sendShellCommand('mkdir -p /inside/set-up; echo done > /inside/set-up/state');
    await using snapshot = await first.snapshot();
    await first.sendShellCommand('echo later > /inside/set-up/state');
    const second = await runtime.start(testRequest({ image: snapshot.image }), { emit });
    const third = await runtime.start(testRequest({ image: snapshot.image }), { emit });
    try {
      await second.sendShellCommand('echo second > /inside/set-up/state');
      expect((await third.sendShellCommand('cat set-up/state')).stdout).toBe('done\n');
      expect((await first.sendShellCommand('cat set-up/state')).stdout).toBe('later\n');
      await snapshot.remove();
      expect((await third.sendShellCommand('cat set-up/state')).stdout).toBe('done\n');
    } finally {
      for (const computer of [first, second, third]) await computer.cleanup();
    }
    await snapshot.remove();
    await expect(docker.getImage(snapshot.image).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  // An engine that pauses a container while it starts a process there never answers again.
  test('is made while commands are started, which wait for it', async () => {
    const computer = await dockerRuntime({ labels, strategy: 'exec' }).start(testRequest(), { emit });
    let isOver = false;
    const commands = [1, 2, 3].map(async () => {
      while (!isOver) await computer.sendShellCommand('true');
    });
    try {
      for (let times = 0; times < 10; times++) await (await computer.snapshot()).remove();
      isOver = true;
      await Promise.all(commands);
    } finally {
      isOver = true;
      await Promise.allSettled(commands);
      await computer.cleanup();
    }
  });

  test('whose making got no answer goes with its own computer, and not with another that may go before it is made', async () => {
    await using link = await engineLink({
      onAnswer: (line) => (line.includes('/commit?') ? Promise.reject(new Error('cut')) : undefined),
    });
    const runtime = dockerRuntime({ labels, host: link.host });
    const [first, second] = [
      await runtime.start(testRequest(), { emit }),
      await runtime.start(testRequest(), { emit }),
    ];
    const made = async () => {
      const images = await docker.listImages({ filters: { label: [`swelancer.test=${mark}`] } });
      return images.length;
    };
    try {
      await expect(first.snapshot()).rejects.toThrow(SnapshotError);
      expect(await made()).toBe(1);
      await second.cleanup();
      expect(await made()).toBe(1);
    } finally {
      for (const computer of [first, second]) await computer.cleanup();
    }
    expect(await made()).toBe(0);
  });

  test('that is gone is never looked for at a registry', async () => {
    const start = dockerRuntime({ labels }).start(testRequest({ image: 'swelancer-snapshot:gone' }), {
      emit,
    });
    await expect(start).rejects.toMatchObject({ code: 'image_pull', reason: 'not_found' });
  });
});

describeDocker('the security of a container', () => {
  expectNothingLeft(`swelancer.test=${mark}`);

  test('leaves no dangerous capability and no way to new privileges, unless asked for', async () => {
    const status =
      'grep -E "^(CapBnd|NoNewPrivs)" /proc/self/status; mknod /tmp/device c 1 3 || echo no device';
    const strict = await dockerRuntime({ labels }).start(testRequest(), { emit });
    try {
      const { stdout } = await strict.sendShellCommand(status);
      expect(stdout).toMatch(/NoNewPrivs:\s+1/);
      expect(stdout).toMatch(/no device/);
    } finally {
      await strict.cleanup();
    }
    const security = { newPrivileges: true, addCapabilities: ['MKNOD'] };
    const relaxed = await dockerRuntime({ labels, security }).start(testRequest(), { emit });
    try {
      const { stdout } = await relaxed.sendShellCommand(status);
      expect(stdout).toMatch(/NoNewPrivs:\s+0/);
      expect(stdout).not.toMatch(/no device/);
    } finally {
      await relaxed.cleanup();
    }
  });
});
