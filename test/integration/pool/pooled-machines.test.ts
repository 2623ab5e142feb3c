import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { listLabelled } from '../../../src/computer/docker/labelled-objects.js';
import type { ComputerInterface } from '../../../src/computer/index.js';
import { pooledRuntime } from '../../../src/computer/pool/index.js';
import { sshRuntime } from '../../../src/computer/ssh/index.js';
import {
  describeDocker,
  docker,
  expectNothingLeft,
  importImage,
  testImage,
  testRequest,
} from '../../fixtures/docker.js';
import { createRemoteHost, hasNamespaces, type RemoteHost } from '../../fixtures/remote-host.js';
import {
  type SecondEngine,
  secondEngineNeed,
  secondEnginePossible,
  startSecondEngine,
} from '../../fixtures/second-engine.js';
import { describeSsh, startSshServer } from '../../fixtures/ssh-server.js';

const emit = () => undefined;

describeSsh('a pool of two machines over SSH', () => {
  describe.skipIf(!hasNamespaces)('on networks of their own', () => {
    test('goes on with one while the other cannot be reached, and with both when it is back', async () => {
      const [first, second] = [createRemoteHost(), createRemoteHost()];
      const member = async (host: RemoteHost) => {
        const server = await startSshServer({ namespace: host.namespace, address: host.address });
        const options = { ...server.options, entryCommand: false, connectTimeoutMs: 2000 } as const;
        return { server, member: { runtime: sshRuntime(options), name: host.namespace, capacity: 1 } };
      };
      const members = [await member(first), await member(second)];
      const pool = pooledRuntime(members.map((each) => each.member));
      const request = testRequest({ workingDirectory: '/tmp' });
      const start = async () => await pool.start(request, { emit, timeoutMs: 60_000 });
      /** Where computers that are started at once are; they are given back. */
      const addressesOf = async (count: number) => {
        const computers = await Promise.all(Array.from({ length: count }, start));
        const addresses = await Promise.all(
          computers.map(async (computer) => {
            const { stdout } = await computer.sendShellCommand('set -- $SSH_CONNECTION; echo $3');
            return stdout.trim();
          }),
        );
        await Promise.all(computers.map((computer) => computer.cleanup()));
        return addresses.sort();
      };
      const both = [first.address, second.address].sort();
      try {
        expect(await addressesOf(2)).toEqual(both);
        first.cut();
        expect(await addressesOf(1)).toEqual([second.address]);
        expect(await addressesOf(1)).toEqual([second.address]);
        first.restore();
        expect(await addressesOf(2)).toEqual(both);
      } finally {
        for (const { server } of members) await server[Symbol.asyncDispose]();
        for (const host of [first, second]) host.remove();
      }
    });
  });
});

describeDocker(`a pool of two Docker engines${secondEngineNeed}`, () => {
  const mark = randomUUID();
  const label = `swelancer.test=${mark}`;
  expectNothingLeft(label);
  let engine: SecondEngine;
  beforeAll(async () => {
    if (!secondEnginePossible) return;
    engine = await startSecondEngine();
    await importImage(engine.docker, testImage);
  });
  afterAll(async () => {
    if (secondEnginePossible) await engine[Symbol.asyncDispose]();
  });

  test.skipIf(!secondEnginePossible)(
    'spreads computers, loses those of an engine that stops, and goes on with the other until it is back',
    async () => {
      const labels = { 'swelancer.test': mark };
      const pool = pooledRuntime([
        { runtime: dockerRuntime({ labels }), name: 'here', capacity: 2 },
        { runtime: dockerRuntime({ labels, host: engine.host }), name: 'there', capacity: 2 },
      ]);
      const start = async () => await pool.start(testRequest(), { emit, timeoutMs: 60_000 });
      const startTwo = async () => await Promise.all([start(), start()]);
      const giveBack = async (computers: readonly ComputerInterface[]) => {
        await Promise.all(computers.map((computer) => computer.cleanup()));
      };
      const isThere = async ({ id = '' }: ComputerInterface) =>
        (await listLabelled(engine.docker, label)).containers.some(({ name }) => name === id);
      const isHere = async ({ id = '' }: ComputerInterface) =>
        (await listLabelled(docker, label)).containers.some(({ name }) => name === id);

      const spread = await startTwo();
      const places = await Promise.all(spread.map(isThere));
      expect(places.sort()).toEqual([false, true]);
      const there = (await isHere(spread[0])) ? spread[1] : spread[0];

      await there.sendShellCommand('echo from there > /mark');
      const copy = await there.snapshot?.({});
      if (copy === undefined) throw new Error('A pool of Docker engines makes snapshots.');
      const second = await pool.start(testRequest({ image: copy.image }), { emit, timeoutMs: 60_000 });
      expect(await isThere(second)).toBe(true);
      expect((await second.sendShellCommand('cat /mark')).stdout).toBe('from there\n');
      await second.cleanup();
      await copy.remove();

      const running = there.sendShellCommand('sleep 600');
      const lost = expect(running).rejects.toMatchObject({ code: 'computer_lost' });
      await engine.end('SIGTERM');
      await lost;
      const after = await start();
      expect(await isHere(after)).toBe(true);

      await engine.start();
      await giveBack([...spread, after]);
      const again = await startTwo();
      expect((await Promise.all(again.map(isThere))).sort()).toEqual([false, true]);
      await giveBack(again);
    },
  );
});
