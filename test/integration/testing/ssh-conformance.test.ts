import { afterAll, beforeAll } from 'vitest';
import { sshComputer } from '../../../src/computer/ssh/index.js';
import { testConformance } from '../../fixtures/conformance-tests.js';
import { createSmallFolder } from '../../fixtures/small-folder.js';
import { describeSsh, type SshServer, startSshServer } from '../../fixtures/ssh-server.js';

const smallFolder = createSmallFolder();
afterAll(() => smallFolder?.[Symbol.dispose]());

// A machine that is gone does not come back.
const impatient = { reconnectTimeoutMs: 2000 };
const options = { workingDirectory: '/tmp', entryCommand: false } as const;

describeSsh('a machine over SSH', () => {
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshServer();
  });
  afterAll(async () => server[Symbol.asyncDispose]());

  // With its default strategy: a session for each command takes eight minutes and meets the same code.
  testConformance(async () => sshComputer({ ...server.options, ...options }), {
    capabilities: { survivesLostLinks: true },
    otherUser: 'nobody',
    smallFolder: smallFolder?.path,
    faults: { cutLink: async () => server.kill(), restoreLink: async () => server.restart() },
  });
});

describeSsh('machines over SSH that see nothing of each other', () => {
  const servers = new Map<string | undefined, SshServer>();
  afterAll(async () => {
    for (const server of servers.values()) await server[Symbol.asyncDispose]();
  });

  testConformance(
    async () => {
      const server = await startSshServer({ user: 'swelancer-guest' });
      const computer = await sshComputer({ ...server.options, ...options, ...impatient });
      servers.set(computer.id, server);
      return computer;
    },
    {
      capabilities: { disposable: true },
      // Its end is the end of all processes behind it.
      faults: { killMachine: async ({ id }) => servers.get(id)?.kill() },
    },
    ['self-harm', 'faults'],
  );
});
