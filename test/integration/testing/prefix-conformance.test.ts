import { afterAll, beforeAll, describe } from 'vitest';
import { commandComputer, commandRuntime } from '../../../src/computer/command/index.js';
import type { ComputerInterface } from '../../../src/computer/index.js';
import { testConformance } from '../../fixtures/conformance-tests.js';
import { type PodServer, startPodServer } from '../../fixtures/kubectl/pod-server.js';
import { leaseHarness } from '../../fixtures/lease-harness.js';
import { createSmallFolder } from '../../fixtures/small-folder.js';
import { type Place, places } from '../command/places.js';

const smallFolder = createSmallFolder();
afterAll(() => smallFolder?.[Symbol.dispose]());

describe('a command prefix', () => {
  const prefix = ['env', '-i', 'PATH=/usr/bin:/bin'];
  testConformance(
    async () => commandComputer({ prefix }),
    { otherUser: 'nobody', smallFolder: smallFolder?.path, harness: leaseHarness({ prefix }) },
    // It is this machine, which must not be wrecked.
    { except: ['self-harm', 'network'] },
  );
});

describe('a stand-in kubectl whose connections break', () => {
  let server: PodServer;
  beforeAll(async () => {
    server = await startPodServer();
  });
  afterAll(async () => server[Symbol.asyncDispose]());

  testConformance(
    async () => commandComputer({ prefix: server.prefix('pod-1') }),
    {
      capabilities: { survivesLostLinks: true },
      faults: {
        cutLink: async () => {
          server.breakConnections();
          return Promise.resolve();
        },
        restoreLink: async () => undefined,
      },
    },
    ['faults'],
  );
});

const namespaces = places.find(({ name }) => name.startsWith('nsenter'));
describe.skipIf(namespaces === undefined || namespaces.missing)('namespaces of their own by nsenter', () => {
  const machines = new Map<string | undefined, Place>();
  const create = async (): Promise<ComputerInterface> => {
    let made: Place | undefined;
    const runtime = commandRuntime<Place>({
      create: async () => (made = await namespaces!.create()), // Skipped where there are none.
      prefix: ({ prefix }) => prefix,
      destroy: async (place) => place.remove(),
    });
    const request = { purpose: 'agent', image: 'none', environment: {}, workingDirectory: '/tmp' } as const;
    const computer = await runtime.start(request, { emit: () => undefined });
    if (made !== undefined) machines.set(computer.id, made);
    return computer;
  };
  testConformance(
    create,
    {
      capabilities: { disposable: true },
      otherUser: 'nobody',
      faults: {
        killMachine: async ({ id }) => machines.get(id)?.remove(),
        restartMachine: async ({ id }) => machines.get(id)?.restart?.(),
      },
    },
    ['kill', 'self-harm', 'faults'],
  );
});
