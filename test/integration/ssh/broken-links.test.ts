import { afterEach, describe, expect, test } from 'vitest';
import { sshComputer } from '../../../src/computer/ssh/index.js';
import { describeSsh, startSshServer } from '../../fixtures/ssh-server.js';
import { createRemoteHost, hasNamespaces } from '../../fixtures/remote-host.js';
import { processesWith, uniqueSeconds, until } from './remote-processes.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function connectToHost() {
  const host = createRemoteHost();
  cleanups.push(async () => host.remove());
  const server = await startSshServer({ namespace: host.namespace, address: host.address });
  cleanups.push(async () => server[Symbol.asyncDispose]());
  const computer = await sshComputer({
    ...server.options,
    entryCommand: false,
    environment: {},
    keepAliveSeconds: 1,
    connectTimeoutMs: 2000,
  });
  cleanups.push(() => computer.cleanup().catch(() => undefined));
  return { host, computer };
}

(hasNamespaces ? describeSsh : describe.skip)(
  `broken links${hasNamespaces ? '' : ' [skipped: no network namespaces]'}`,
  () => {
    test('two machines on networks of their own are two computers', async () => {
      const [first, second] = await Promise.all([connectToHost(), connectToHost()]);
      const addresses = await Promise.all(
        [first, second].map(async ({ computer }) => {
          const { stdout } = await computer.sendShellCommand('set -- $SSH_CONNECTION; echo $3');
          return stdout.trim();
        }),
      );
      expect(addresses).toEqual([first.host.address, second.host.address]);
      expect(addresses[0]).not.toBe(addresses[1]);
    });

    test('a link that goes silent is noticed, and used again when it is back', async () => {
      const { host, computer } = await connectToHost();
      const seconds = uniqueSeconds();
      const running = computer.sendShellCommand(`sleep ${seconds}`);
      running.catch(() => undefined);
      await until('the command runs', () => processesWith(`sleep ${seconds}`).length === 1);
      host.cut();
      await expect(running).rejects.toMatchObject({ code: 'computer_lost', commandMayBeRunning: true });
      host.restore();
      expect((await computer.sendShellCommand('echo back')).stdout).toBe('back\n');
      expect(processesWith(`sleep ${seconds}`)).toHaveLength(1);
      expect(await computer.killAll?.()).toMatchObject({ outcome: 'confirmed' });
      expect(processesWith(`sleep ${seconds}`)).toEqual([]);
    });

    test('a short silence goes unnoticed: the command gives its result', async () => {
      const { host, computer } = await connectToHost();
      const seconds = uniqueSeconds();
      const running = computer.sendShellCommand(`sleep ${seconds} & wait; echo through`);
      await until('the command runs', () => processesWith(`sleep ${seconds}`).length === 1);
      host.cut();
      for (const pid of processesWith(`sleep ${seconds}`)) process.kill(pid);
      host.restore();
      expect((await running).stdout).toBe('through\n');
    });
  },
);
