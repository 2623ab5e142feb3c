import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Computer } from '../../../src/computer/computer.js';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { describeDocker, expectNothingLeft, testRequest } from '../../fixtures/docker.js';
import { type EngineLink, engineLink } from '../../fixtures/engine-link.js';

const mark = randomUUID();

describeDocker('an engine elsewhere', () => {
  expectNothingLeft(`swelancer.test=${mark}`);
  let link: EngineLink;
  beforeAll(async () => {
    link = await engineLink({ isRemote: true, bytesPerSecond: 400_000 });
  });
  afterAll(async () => link[Symbol.asyncDispose]());

  const start = async (strategy: 'lane' | 'exec') => {
    const runtime = dockerRuntime({ strategy, host: link.host, labels: { 'swelancer.test': mark } });
    return Computer.from(await runtime.start(testRequest(), { emit: () => undefined }));
  };

  test.each(['lane', 'exec'] as const)(
    'tells a command that cannot begin from a link that broke, commands by %s',
    async (strategy) => {
      await using computer = await start(strategy);
      const command = computer.sendShellCommand('id', { user: 'nobody-here' });
      await expect(command).rejects.toMatchObject({ code: 'command_spawn', reason: 'user' });
      expect(await computer.sendShellCommand('echo on')).toMatchObject({ exitCode: 0, stdout: 'on\n' });
    },
  );

  test('gives all of a command, however long after its end that comes', { timeout: 60_000 }, async () => {
    await using computer = await start('exec');
    const { exitCode, captured } = await computer.sendShellCommand(
      "head -c 3000000 /dev/zero | tr '\\0' x; exit 3",
    );
    expect([exitCode, captured.stdout.totalBytes]).toEqual([3, 3_000_000]);
  });
});
