import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { afterAll, describe } from 'vitest';
import type { ComputerInterface } from '../../../src/computer/index.js';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { testConformance } from '../../fixtures/conformance-tests.js';
import { dockerHarness } from '../../fixtures/docker-harness.js';
import { expectNothingLeft, testRequest } from '../../fixtures/docker.js';
import { podmanNeed, podmanPossible, startPodmanService } from '../../fixtures/podman-service.js';

const service = podmanPossible ? await startPodmanService() : undefined;
afterAll(async () => service?.[Symbol.asyncDispose]());

const port = 18_000;
// Where the gateways of podman's networks are.
const listener = `require('node:net').createServer((socket) => socket.on('error', () => {}).end('here')).listen(${port})`;
const server =
  service && spawn('nsenter', ['--target', String(service.pid), '--net', process.execPath, '-e', listener]);
afterAll(() => void server?.kill());

const mark = randomUUID();
describe.skipIf(service === undefined)(`a container of podman${podmanNeed}`, () => {
  expectNothingLeft(`swelancer.test=${mark}`, service?.docker);
  testConformance(
    dockerRuntime({
      host: service?.host ?? 'unix://',
      labels: { 'swelancer.test': mark },
    }),
    {
      request: testRequest(),
      capabilities: { disposable: true, limitsMemory: true, limitsProcesses: true },
      otherUser: 'agent',
      smallFolder: '/dev/shm',
      faults: {
        killMachine: async ({ id = '' }: ComputerInterface) => {
          await service?.docker.getContainer(id).kill();
        },
      },
      harness: service && dockerHarness(service.docker, mark, service.host),
      network: {
        probe: `[ -s /tmp/gateway ] || ip route | awk '/default/ { print $3; exit }' >/tmp/gateway
nc -w 2 "$(cat /tmp/gateway)" ${port} </dev/null`,
      },
    },
  );
});

const execMark = randomUUID();
// What podman does in its own way: the streams of an exec, and children that outlive it.
describe.skipIf(service === undefined)(`a container of podman, commands by exec${podmanNeed}`, () => {
  expectNothingLeft(`swelancer.test=${execMark}`, service?.docker);
  testConformance(
    dockerRuntime({
      host: service?.host ?? 'unix://',
      strategy: 'exec',
      labels: { 'swelancer.test': execMark },
    }),
    {
      request: testRequest(),
      capabilities: { disposable: true, limitsMemory: true, limitsProcesses: true },
      otherUser: 'agent',
    },
    ['commands', 'kill', 'stdin', 'output', 'background'],
  );
});
