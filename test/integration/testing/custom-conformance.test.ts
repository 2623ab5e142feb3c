import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

test('an upload to the custom computer spares what is beside its target', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'swelancer-custom-'));
  const computer = await customComputer();
  try {
    await writeFile(join(folder, 'answer.part'), 'kept');
    await symlink('answer.part', join(folder, 'linked.part'));
    for (const name of ['answer', 'linked']) await computer.upload(Buffer.from(name), join(folder, name));
    expect((await readdir(folder)).sort()).toEqual(['answer', 'answer.part', 'linked', 'linked.part']);
    expect(await readFile(join(folder, 'answer.part'), 'utf8')).toBe('kept');
  } finally {
    await computer.cleanup();
    await rm(folder, { recursive: true, force: true });
  }
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
