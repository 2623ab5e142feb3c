import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { customComputer } from '../../../examples/custom-computer.js';
import { testConformance } from '../../fixtures/conformance-tests.js';
import { podComputer } from '../../fixtures/pod-computer.js';
import { type PodServer, startPodServer } from '../../fixtures/kubectl/pod-server.js';

describe('the custom computer of the examples', () => {
  testConformance(customComputer, {
    capabilities: { survivesLostLinks: true },
    faults: { cutLink: endShells, restoreLink: async () => undefined },
  });

  test('says of a command that a signal ended what shells say', async () => {
    const computer = await customComputer();
    expect((await computer.sendShellCommand('kill -9 $$')).exitCode).toBe(137);
    expect((await computer.sendShellCommand('kill -TERM $$')).exitCode).toBe(143);
    await computer.cleanup();
  });
});

describe('five methods over a stand-in kubectl whose connections break', () => {
  let server: PodServer;
  beforeAll(async () => {
    server = await startPodServer();
  });
  afterAll(async () => server[Symbol.asyncDispose]());

  testConformance(
    async () => podComputer(server.prefix('pod-1')),
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

/** There is no link but the shells that this process has started: ends those that tell of commands, and no command. */
async function endShells(): Promise<void> {
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const [environment, stat] = await Promise.all(
      ['environ', 'stat'].map(async (name) => readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '')),
    );
    const parent = stat?.slice(stat.lastIndexOf(')')).split(' ')[2];
    if (parent !== String(process.pid) || environment?.includes('.durable-') !== true) continue;
    process.kill(Number(pid), 'SIGKILL');
  }
}
