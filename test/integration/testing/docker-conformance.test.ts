import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect } from 'vitest';
import type { ComputerInterface } from '../../../src/computer/index.js';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { listLabelled } from '../../../src/computer/docker/labelled-objects.js';
import { testConformance } from '../../fixtures/conformance-tests.js';
import { dockerHarness } from '../../fixtures/docker-harness.js';
import {
  computerLabel,
  describeDocker,
  docker,
  expectNothingLeft,
  importImage,
  nothing,
  testImage,
  testRequest,
} from '../../fixtures/docker.js';
import { type EngineLink, engineLink } from '../../fixtures/engine-link.js';
import {
  type SecondEngine,
  secondEngineNeed,
  secondEnginePossible,
  startSecondEngine,
} from '../../fixtures/second-engine.js';

const port = 18_000 + (process.pid % 10_000);
const server = createServer((socket) => socket.on('error', () => undefined).end('here'));
beforeAll(async () => new Promise<void>((resolve) => void server.listen(port, '0.0.0.0', resolve)));
afterAll(() => void server.close());

// The engine's host, as the gateway that it is before the cut.
const probe = `[ -s /tmp/gateway ] || ip route | awk '/default/ { print $3; exit }' >/tmp/gateway
nc -w 2 "$(cat /tmp/gateway)" ${port} </dev/null`;

const killMachine = async ({ id = '' }: ComputerInterface): Promise<void> => {
  await docker.getContainer(id).kill();
};

for (const strategy of ['lane', 'exec'] as const) {
  const mark = randomUUID();
  describeDocker(`a container, commands by ${strategy}`, () => {
    expectNothingLeft(`swelancer.test=${mark}`);
    testConformance(dockerRuntime({ strategy, labels: { 'swelancer.test': mark }, helperImage: testImage }), {
      request: testRequest(),
      capabilities: { disposable: true, limitsMemory: true, limitsProcesses: true },
      otherUser: 'agent',
      smallFolder: '/dev/shm',
      faults: { killMachine },
      harness: strategy === 'exec' ? undefined : dockerHarness(docker, mark),
      // The network has nothing to do with how commands are run.
      network: strategy === 'exec' ? undefined : { probe },
    });
  });
}

const restore = async () => undefined;
const breaks = [
  { title: 'a link that breaks', strategy: 'lane', cut: (link: EngineLink) => link.cut(), restore },
  // What a balancer between the two does.
  {
    title: "a link that breaks its commands' connections only",
    strategy: 'exec',
    cut: (link: EngineLink) => link.cut(/^POST \S*\/exec\//),
    restore,
  },
  {
    title: 'a link that stays broken for a while',
    strategy: 'lane',
    cut: (link: EngineLink) => link.cutOff(),
    // Whoever has sent a command has been told that the computer is lost.
    restore: async (link: EngineLink, computer: ComputerInterface) => {
      await expect(computer.sendShellCommand('true')).rejects.toMatchObject({ code: 'computer_lost' });
      link.restore();
    },
  },
] as const;
for (const { title, cut, restore, strategy } of breaks) {
  // An engine on this machine ends a container whose connections end: only the harness's own end does that.
  describeDocker(`a container of an engine elsewhere, over ${title}, commands by ${strategy}`, () => {
    let link: EngineLink | undefined;
    beforeAll(async () => {
      link = await engineLink({ isRemote: true });
    });
    afterAll(async () => link?.[Symbol.asyncDispose]());

    testConformance(
      async () => {
        const runtime = dockerRuntime({ strategy, host: link?.host ?? 'unix://' });
        return await runtime.start(testRequest(), { emit: () => undefined });
      },
      {
        capabilities: { survivesLostLinks: true },
        faults: {
          cutLink: async () => link && cut(link),
          restoreLink: async (computer) => link && restore(link, computer),
        },
      },
      ['faults'],
    );
  });
}

const ownMark = randomUUID();
// There root has no capabilities, so that each user's processes and files are that user's own business.
describeDocker('a container whose user is not root', () => {
  expectNothingLeft(`swelancer.test=${ownMark}`);
  testConformance(
    dockerRuntime({ user: 'agent', labels: { 'swelancer.test': ownMark } }),
    {
      request: testRequest(),
      capabilities: { disposable: true },
      otherUser: 'root',
      smallFolder: '/dev/shm',
    },
    ['users', 'upload', 'trees'],
  );
});

describeDocker(`a container of an engine that restarts${secondEngineNeed}`, () => {
  let engine: SecondEngine | undefined;
  beforeAll(async () => {
    if (!secondEnginePossible) return;
    engine = await startSecondEngine('base=10.212.0.0/16,size=24');
    await importImage(engine.docker, testImage);
  });
  afterAll(async () => {
    if (engine === undefined) return;
    expect(await listLabelled(engine.docker, computerLabel)).toEqual(nothing);
    await engine[Symbol.asyncDispose]();
  });

  testConformance(
    async () => {
      const runtime = dockerRuntime({ host: engine?.host ?? 'unix://' });
      return await runtime.start(testRequest(), { emit: () => undefined });
    },
    {
      faults: {
        restartMachine: async () => {
          await engine?.end('SIGTERM');
          await engine?.start();
        },
      },
    },
    secondEnginePossible ? ['faults'] : [],
  );
});
