import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe } from 'vitest';
import type { ComputerInterface } from '../../../src/computer/index.js';
import { type SshMachine, sshComputer, sshRuntime } from '../../../src/computer/ssh/index.js';
import type { ConformanceOptions } from '../../../src/testing/index.js';
import { testConformance } from '../../fixtures/conformance-tests.js';
import { leaseHarness } from '../../fixtures/lease-harness.js';
import { createRemoteHost, hasNamespaces, type RemoteHost } from '../../fixtures/remote-host.js';
import { createSmallFolder } from '../../fixtures/small-folder.js';
import { describeSsh, hasSshServer, type SshServer, startSshServer } from '../../fixtures/ssh-server.js';
import { processesWith, until } from '../ssh/remote-processes.js';

const smallFolder = createSmallFolder();
afterAll(() => smallFolder?.[Symbol.dispose]());

// Its key and port are the same for the whole file: the harness of another process is told them.
const server = hasSshServer ? await startSshServer() : undefined;
afterAll(async () => server?.[Symbol.asyncDispose]());

describeSsh('a machine over SSH', () => {
  // With its default strategy: a session for each command takes eight minutes and meets the same code.
  testConformance(
    async () => sshComputer({ ...server!.options, workingDirectory: '/tmp', entryCommand: false }), // Skipped without.
    {
      capabilities: { survivesLostLinks: true },
      otherUser: 'nobody',
      smallFolder: smallFolder?.path,
      // The link breaks, and both ends are told; below it falls silent.
      faults: {
        cutLink: async () => server?.kill(),
        restoreLink: async () => server?.restart(),
        // What it ran runs on.
        restartMachine: async () => {
          await server?.kill();
          await server?.restart();
        },
      },
      harness: server && leaseHarness({ ssh: server.options }),
    },
    // What takes a machine of its own is below.
    { except: ['self-harm', 'network'] },
  );
});

/** A machine with a network and processes of its own. */
interface Machine {
  readonly host: RemoteHost;
  readonly server: SshServer;
}

const port = 18_000 + (process.pid % 10_000);

function aloneOnItsNetwork(): {
  readonly create: () => Promise<ComputerInterface>;
  readonly options: ConformanceOptions;
} {
  const machines = new Map<string | undefined, Machine>();
  let made: Machine | undefined;
  const runtime = sshRuntime({
    entryCommand: false,
    createMachine: async (): Promise<SshMachine> => {
      const host = createRemoteHost();
      const machine = await startSshServer({ ...host, ownProcesses: true });
      made = { host, server: machine };
      return {
        ...machine.options,
        // A link that falls silent is given up soon, and so is a machine that does not come back.
        ...{ keepAliveSeconds: 1, connectTimeoutMs: 2000, reconnectTimeoutMs: 4000 },
        release: async () => {
          await machine[Symbol.asyncDispose]();
          host.remove();
        },
      };
    },
  });
  const machineOf = ({ id }: ComputerInterface): Machine => {
    const machine = machines.get(id);
    if (machine === undefined) throw new Error(`There is no machine of computer ${id}.`);
    return machine;
  };
  const goSilent = async ({ host }: Machine): Promise<void> => {
    const clients = processesWith(`root@${host.address}`);
    host.cut();
    await until('the connection is given up', () => {
      const living = processesWith(`root@${host.address}`);
      return !clients.some((pid) => living.includes(pid));
    });
  };
  return {
    create: async () => {
      const request = { purpose: 'agent', image: 'none', environment: {}, workingDirectory: '/tmp' } as const;
      const computer = await runtime.start(request, { emit: () => undefined });
      if (made !== undefined) machines.set(computer.id, made);
      return computer;
    },
    options: {
      capabilities: { disposable: true, survivesLostLinks: true },
      otherUser: 'nobody',
      network: {
        probe: `set -- $SSH_CONNECTION; timeout 2 bash -c "exec 3<>/dev/tcp/$1/${port}"`,
        // As whoever has the gateway does it. Nothing inside can.
        cut: async (computer) => {
          const { host, server: machine } = machineOf(computer);
          host.cutOff(machine.options.port ?? 22);
          return Promise.resolve();
        },
      },
      faults: {
        cutLink: async (computer) => goSilent(machineOf(computer)),
        restoreLink: async (computer) => {
          machineOf(computer).host.restore();
          return Promise.resolve();
        },
        killMachine: async (computer) => {
          const machine = machineOf(computer);
          // It cannot say so any more.
          machine.host.cut();
          await machine.server.kill();
        },
        restartMachine: async (computer) => {
          const { server: machine } = machineOf(computer);
          await machine.kill();
          await machine.restart();
        },
      },
    },
  };
}

(hasNamespaces ? describeSsh : describe.skip)(
  `machines over SSH with networks and processes of their own${hasNamespaces ? '' : ' [skipped: no network namespaces]'}`,
  () => {
    const outside = createServer((socket) => socket.on('error', () => undefined).end('here'));
    beforeAll(async () => once(outside.listen(port, '0.0.0.0'), 'listening'));
    afterAll(() => void outside.close());

    const { create, options } = aloneOnItsNetwork();
    testConformance(create, options, ['self-harm', 'faults', 'network']);
  },
);

describeSsh('a login over SSH that is not root', () => {
  let guest: SshServer;
  beforeAll(async () => {
    guest = await startSshServer({ user: 'swelancer-guest' });
  });
  afterAll(async () => guest[Symbol.asyncDispose]());

  testConformance(
    async () => sshComputer({ ...guest.options, workingDirectory: '/tmp', entryCommand: false }),
    {},
    // What root may read in any case, others may not.
    ['download'],
  );
});
