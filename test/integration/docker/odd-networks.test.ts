import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  dockerRuntime,
  type DockerComputer,
  type DockerRuntimeOptions,
} from '../../../src/computer/docker/index.js';
import { describeDocker, docker, expectNothingLeft, testImage, testRequest } from '../../fixtures/docker.js';
import { describeSampleImage, sampleImage } from '../../fixtures/sample-image.js';

const mark = randomUUID();
const labels = { 'swelancer.test': mark };

async function start(options: DockerRuntimeOptions, image = testImage): Promise<DockerComputer> {
  const runtime = dockerRuntime({ labels, pull: 'never', ...options });
  return await runtime.start(testRequest({ image, workingDirectory: '/tmp' }), { emit: () => undefined });
}

async function gatewayOf({ id = '' }: DockerComputer): Promise<string> {
  const { NetworkSettings: settings } = await docker.getContainer(id).inspect();
  return Object.values(settings.Networks)[0]?.Gateway ?? '';
}

/** `ip`, as root of the container's network. */
async function ip(computer: DockerComputer, command: string): Promise<void> {
  const beside = ['--rm', '--network', `container:${computer.id}`, '--cap-add', 'NET_ADMIN'];
  await execa('docker', [
    'run',
    ...beside,
    '--label',
    `swelancer.test=${mark}`,
    testImage,
    'sh',
    '-c',
    command,
  ]);
}

/** A server of the host on that address, which greets. */
async function greeter(address: string) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('hello\n');
  });
  server.listen(0, address);
  await once(server, 'listening');
  const place = server.address();
  if (place === null || typeof place === 'string') throw new Error('It listens on no port.');
  return { port: place.port, [Symbol.dispose]: () => void server.close() };
}

const looks =
  "ip -o addr show up | grep -v ' lo ' | tr -s ' ' | cut -d ' ' -f 2-4; ip -4 route; ip -6 route show default | cut -d ' ' -f 1-5";

describeDocker('a network that is not as most are', () => {
  expectNothingLeft(`swelancer.test=${mark}`);

  test('of a pool of addresses is proved to be cut by its own gateway', async () => {
    const computer = await start({ addressPool: '10.219.0.0/24' });
    try {
      const gateway = await gatewayOf(computer);
      for (const [policy, found] of [
        ['open', 'reachable'],
        ['cut', 'unreachable'],
      ] as const) {
        const { checks } = await computer.setNetworkPolicy(policy);
        const check = checks.find(({ name }) => name === 'gateway');
        expect(check).toMatchObject({ found, shownBy: policy === 'open' ? 'route' : 'connection' });
        expect(check?.detail).toMatch(policy === 'open' ? `${gateway} dev` : /No route to host/);
      }
    } finally {
      await computer.cleanup();
    }
  });

  test('with the host allowed reaches it, and nothing beside', async () => {
    const computer = await start({});
    try {
      const gateway = await gatewayOf(computer);
      using server = await greeter(gateway);
      const greeting = async () =>
        (await computer.sendShellCommand(`nc -w 2 ${gateway} ${server.port}`)).stdout;
      const { checks } = await computer.setNetworkPolicy('cut', { allow: [gateway, '1.1.1.1'] });
      expect(checks.filter(({ passed }) => !passed)).toEqual([]);
      expect(await greeting()).toBe('hello\n');
      await computer.setNetworkPolicy('cut');
      expect(await greeting()).toBe('');
    } finally {
      await computer.cleanup();
    }
  });

  test('with many allowed hosts is proved', async () => {
    const computer = await start({});
    try {
      const allow = Array.from({ length: 60 }, (_, index) => `198.51.100.${index + 1}`);
      const { checks } = await computer.setNetworkPolicy('cut', { allow });
      expect(checks.filter(({ name, passed }) => name === 'allowed' && passed)).toHaveLength(allow.length);
    } finally {
      await computer.cleanup();
    }
  });

  test('of IPv6, with a second address, keeps its own addresses when it is cut, and has them all back', async () => {
    const name = `swelancer-six-${process.pid}`;
    const network = await docker.createNetwork({
      Name: name,
      Labels: labels,
      EnableIPv6: true,
      IPAM: { Driver: 'default', Config: [{ Subnet: 'fd00:5e1:a9ce::/64' }] },
    });
    const computer = await start({ network: name });
    try {
      await ip(
        computer,
        'set -- $(ip -4 -o addr show dev eth0); ip addr add "${4%.*/*}.77/${4#*/}" dev eth0',
      );
      const own = await computer.sendShellCommand(
        `httpd -p '[::]:7878' -h /tmp; echo page >/tmp/page; ip -6 -o addr show dev eth0 scope global | tr -s ' ' | cut -d ' ' -f 4`,
      );
      const address = own.stdout.trim().replace(/\/.*/, '');
      expect(address).toMatch(/^fd00:/);
      const fetch = `printf 'GET /page HTTP/1.0\\r\\n\\r\\n' | nc -w 5 ${address} 7878 | tail -n 1`;
      const before = (await computer.sendShellCommand(looks)).stdout;
      await computer.setNetworkPolicy('cut');
      expect((await computer.sendShellCommand(fetch)).stdout).toBe('page\n');
      await computer.setNetworkPolicy('open');
      expect((await computer.sendShellCommand(fetch)).stdout).toBe('page\n');
      const sorted = (text: string) =>
        text
          .replace(/ (metric|tentative)\b.*/g, '')
          .split('\n')
          .sort();
      expect(sorted((await computer.sendShellCommand(looks)).stdout)).toEqual(sorted(before));
    } finally {
      await computer.cleanup();
      await network.remove();
    }
  });

  test('that is two comes back as two, also when a cut of it was broken off', async () => {
    const name = `swelancer-second-${process.pid}`;
    const network = await docker.createNetwork({ Name: name, Labels: labels });
    const computer = await start({});
    try {
      await network.connect({ Container: computer.id ?? '' });
      const before = (await computer.sendShellCommand(looks)).stdout;
      expect(before).toContain('eth1');
      for (const timeoutMs of [1, 100, 200, 300]) {
        await computer.setNetworkPolicy('cut', { timeoutMs }).catch(() => undefined);
        await computer.setNetworkPolicy('open');
        expect((await computer.sendShellCommand(looks)).stdout).toBe(before);
      }
    } finally {
      await computer.cleanup();
      await network.remove();
    }
  });

  test('that is none can be cut', async () => {
    const computer = await start({ network: 'none' });
    try {
      const { checks } = await computer.setNetworkPolicy('cut');
      expect(checks.filter(({ passed }) => !passed)).toEqual([]);
    } finally {
      await computer.cleanup();
    }
  });
});

describeSampleImage('a computer that may reach some hosts, with iproute2', () => {
  let computer: DockerComputer;
  beforeAll(async () => {
    computer = await start({ entrypoint: ['sleep'], command: ['2147483647'], user: 'nobody' }, sampleImage);
  });
  afterAll(async () => {
    await computer.cleanup();
  });

  test('reaches nobody else through a socket that is bound to its device and asks no route', async () => {
    const gateway = await gatewayOf(computer);
    using server = await greeter(gateway);
    const program = `import socket
s = socket.socket()
s.settimeout(3)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
s.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
s.connect(("${gateway}", ${server.port}))
print(s.recv(9).decode())`;
    const reach = async () => (await computer.sendShellCommand('python3 -', { stdin: program })).stdout;
    expect(await reach()).toBe('hello\n\n');
    await computer.setNetworkPolicy('cut', { allow: ['198.51.100.1'] });
    expect(await reach()).toBe('');
    await computer.setNetworkPolicy('cut');
    expect(await reach()).toBe('');
    await computer.setNetworkPolicy('open');
    expect(await reach()).toBe('hello\n\n');
  });
});
