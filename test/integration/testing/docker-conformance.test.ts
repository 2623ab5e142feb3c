import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import type { ComputerInterface } from '../../../src/computer/index.js';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { testConformance } from '../../fixtures/conformance-tests.js';
import { dockerHarness } from '../../fixtures/docker-harness.js';
import { describeDocker, docker, expectNothingLeft, testImage, testRequest } from '../../fixtures/docker.js';

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
