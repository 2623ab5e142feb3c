import { randomUUID } from 'node:crypto';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dockerRuntime, type DockerComputer } from '../../../src/computer/docker/index.js';
import {
  describeDocker,
  docker,
  expectNothingLeft,
  importImage,
  testImage,
  testRequest,
} from '../../fixtures/docker.js';

const mark = randomUUID();
const labels = { 'swelancer.test': mark };
const emit = () => undefined;

describeDocker('the network of a container', () => {
  expectNothingLeft(`swelancer.test=${mark}`);
  let computer: DockerComputer;
  let neighbour: DockerComputer;
  beforeAll(async () => {
    computer = await dockerRuntime({ labels }).start(testRequest(), { emit });
    // Somebody else on the same bridge, which no computer has by default.
    neighbour = await dockerRuntime({ labels, network: computer.id }).start(testRequest(), { emit });
  });
  afterAll(async () => {
    await neighbour.cleanup();
    await computer.cleanup();
  });

  const addressOf = async (name: string) => {
    const { NetworkSettings: settings } = await docker.getContainer(name).inspect();
    const network = settings.Networks[computer.id ?? ''];
    return { address: network?.IPAddress ?? '', gateway: network?.Gateway ?? '' };
  };
  const fetchFrom = async (address: string) =>
    (
      await computer.sendShellCommand(
        `printf 'GET /page HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ${address} 7777 2>&1 | tail -n 1`,
      )
    ).stdout;

  test('lets nothing through when it is cut, and says what proves it', async () => {
    const { address } = await addressOf(neighbour.id ?? '');
    const { gateway } = await addressOf(computer.id ?? '');
    await neighbour.sendShellCommand('echo hello > page; httpd -p 7777 -h /inside');
    await expect.poll(async () => await fetchFrom(address), { timeout: 20_000 }).toBe('hello\n');

    const report = await computer.setNetworkPolicy('cut');
    expect(report).toMatchObject({ policy: 'cut', method: 'routes' });
    expect(Object.fromEntries(report.checks.map(({ name, found }) => [name, found]))).toEqual({
      loopback: 'reachable',
      interface: 'reachable',
      'outside-ipv4': 'unreachable',
      'outside-ipv6': 'unreachable',
      gateway: 'unreachable',
      neighbour: 'unreachable',
      dns: 'unreachable',
    });
    expect(Object.fromEntries(report.checks.map(({ name, shownBy }) => [name, shownBy]))).toEqual({
      loopback: 'connection',
      interface: 'interface',
      'outside-ipv4': 'connection',
      'outside-ipv6': 'connection',
      gateway: 'connection',
      neighbour: 'connection',
      dns: 'resolver',
    });
    for (const target of [address, gateway, '1.1.1.1'])
      expect(await fetchFrom(target)).toMatch(/can't connect/);
    const { address: own } = await addressOf(computer.id ?? '');
    const inside = await computer.sendShellCommand(
      `echo loop > page; httpd -p 7878 -h /inside
      for address in 127.0.0.1 ${own}; do
        printf "GET /page HTTP/1.0\\r\\n\\r\\n" | nc $address 7878 | tail -n 1
      done
      timeout 3 nslookup example.com >/dev/null 2>&1; echo "a name: $?"
      ip route del unreachable default`,
    );
    // 143 where the resolver is asked again and again.
    expect(inside.stdout).toBe('loop\nloop\na name: 1\n');
    expect(inside.stderr).toMatch(/not permitted/);
  });

  test('lets nothing through to a socket that is bound to a device, nor to everybody', async () => {
    const { address } = await addressOf(neighbour.id ?? '');
    const { gateway } = await addressOf(computer.id ?? '');
    await computer.setNetworkPolicy('open');
    const answers = async (target: string) => {
      // What a socket of any program would do; the program that is there for it needs more than computers have.
      const ping = `ping -I eth0 -c 1 -W 2 ${target}`;
      const sent = 'cat /sys/class/net/eth0/statistics/tx_packets';
      const beside = ['--rm', '--network', `container:${computer.id}`, '--cap-add', 'NET_RAW'];
      const script = `before=$(${sent}); ${ping} | grep -q ttl= && echo answered; [ $(${sent}) = $before ] || echo sent`;
      const run = ['run', ...beside, '--label', `swelancer.test=${mark}`, testImage, 'sh', '-c', script];
      const { stdout } = await execa('docker', run);
      return stdout.split('\n').filter((line) => line !== '');
    };
    const everybody = '224.0.0.1';
    const routes =
      'ip -4 route show table local | grep ^broadcast; ip rule; ip link show dev eth0 | head -n 1';
    const before = await computer.sendShellCommand(routes);
    const reached = ['answered', 'sent'];
    expect([await answers(address), await answers(gateway)]).toEqual([reached, reached]);
    expect(await answers(everybody)).toContain('sent');
    await computer.setNetworkPolicy('cut');
    for (const target of [address, gateway, everybody]) expect(await answers(target)).toEqual([]);
    await computer.setNetworkPolicy('open');
    expect([await answers(address), await answers(gateway)]).toEqual([reached, reached]);
    expect(await computer.sendShellCommand(routes)).toMatchObject({ stdout: before.stdout });
  });

  test('comes back when it is opened again', async () => {
    const report = await computer.setNetworkPolicy('open');
    expect(report.checks.filter((check) => !check.passed)).toEqual([]);
    expect(await fetchFrom((await addressOf(neighbour.id ?? '')).address)).toBe('hello\n');
  });

  test('leaves allowed hosts reachable when it is cut, by name too, and nothing else', async () => {
    const { address } = await addressOf(neighbour.id ?? '');
    const { gateway } = await addressOf(computer.id ?? '');
    const report = await computer.setNetworkPolicy('cut', { allow: [address, 'localhost'] });
    expect(report.checks.filter(({ name }) => name === 'allowed').map(({ found }) => found)).toEqual([
      'reachable',
      'reachable',
    ]);
    expect(await fetchFrom(address)).toBe('hello\n');
    for (const target of [gateway, '1.1.1.1']) expect(await fetchFrom(target)).toMatch(/can't connect/);
    expect((await computer.sendShellCommand('tail -n 1 /etc/hosts')).stdout).toBe('127.0.0.1 localhost\n');
    await expect(computer.setNetworkPolicy('cut', { allow: ['no such host'] })).rejects.toMatchObject({
      code: 'configuration',
    });
    await computer.setNetworkPolicy('open');
  });

  test('names allowed hosts also in a container whose user may not write their names', async () => {
    const other = await dockerRuntime({ labels, user: 'agent' }).start(testRequest(), { emit });
    try {
      await other.setNetworkPolicy('cut', { allow: ['localhost'] });
      expect((await other.sendShellCommand('tail -n 1 /etc/hosts')).stdout).toBe('127.0.0.1 localhost\n');
    } finally {
      await other.cleanup();
    }
  });

  test('has no interface when there is to be none, and can be brought back from that', async () => {
    await computer.setNetworkPolicy('none');
    expect((await computer.sendShellCommand('ls /sys/class/net')).stdout).toBe('lo\n');
    await computer.setNetworkPolicy('open');
    expect((await computer.sendShellCommand('ip route')).stdout).toMatch(/default via/);
  });

  test('can be cut twice, and the second time only checks', async () => {
    await computer.setNetworkPolicy('cut');
    expect(await computer.setNetworkPolicy('cut')).toMatchObject({ method: 'nothing', policy: 'cut' });
    await computer.setNetworkPolicy('open');
  });

  test('does not leave what was allowed reachable when it is cut without', async () => {
    const { address } = await addressOf(neighbour.id ?? '');
    await computer.setNetworkPolicy('cut', { allow: [address] });
    expect(await fetchFrom(address)).toBe('hello\n');
    expect(await computer.setNetworkPolicy('cut')).toMatchObject({ method: 'routes' });
    expect(await fetchFrom(address)).not.toBe('hello\n');
    await computer.setNetworkPolicy('open');
    expect(await fetchFrom(address)).toBe('hello\n');
  });

  test('stays cut when it is to be cut in a way that is none', async () => {
    const { address } = await addressOf(neighbour.id ?? '');
    await computer.setNetworkPolicy('cut');
    for (const host of ['nowhere.invalid', '*']) {
      const refused = computer.setNetworkPolicy('cut', { allow: [host] });
      await expect(refused).rejects.toMatchObject({ code: 'configuration' });
    }
    const unknown = computer.setNetworkPolicy('shut' as 'cut');
    await expect(unknown).rejects.toThrow("There is no network policy 'shut'; use one of open, cut, none.");
    expect(await fetchFrom(address)).not.toBe('hello\n');
    await computer.setNetworkPolicy('open');
    expect(await fetchFrom(address)).toBe('hello\n');
  });

  test('comes back after a cut that was broken off, wherever it was', async () => {
    const other = await dockerRuntime({ labels }).start(testRequest(), { emit });
    try {
      for (const afterMs of [1, 150, 400]) {
        const failure = other.setNetworkPolicy('cut', { signal: AbortSignal.timeout(afterMs) });
        await failure.catch(() => undefined);
        const report = await other.setNetworkPolicy('open');
        expect(report.checks.filter((check) => !check.passed)).toEqual([]);
        expect((await other.sendShellCommand('ip route')).stdout).toMatch(/default via/);
      }
    } finally {
      await other.cleanup();
    }
  });

  test('is changed by one call after another', async () => {
    const both = await Promise.all([computer.setNetworkPolicy('cut'), computer.setNetworkPolicy('open')]);
    expect(both.map(({ policy, method }) => [policy, method])).toEqual([
      ['cut', 'routes'],
      ['open', 'routes'],
    ]);
    expect((await computer.sendShellCommand('ip route')).stdout).toMatch(/default via/);
  });

  test('cannot be changed when the container has gone, which is a loss and no fault of the network', async () => {
    const start = () => dockerRuntime({ labels }).start(testRequest(), { emit });
    const kill = ({ id = '' }: DockerComputer) => docker.getContainer(id).kill();
    const [gone, underWay] = await Promise.all([start(), start()]);
    await kill(gone);
    await expect(gone.setNetworkPolicy('cut')).rejects.toMatchObject({ code: 'computer_lost' });
    // Whatever the helper has met by then.
    const change = underWay.setNetworkPolicy('cut');
    await Promise.all([expect(change).rejects.toMatchObject({ code: 'computer_lost' }), kill(underWay)]);
    await Promise.all([gone.cleanup(), underWay.cleanup()]);
  });

  test.each(['NET_ADMIN', 'NET_RAW'])('cannot be cut where %s would lead out of it', async (capability) => {
    const security = { addCapabilities: [capability] };
    const able = await dockerRuntime({ labels, security }).start(testRequest(), { emit });
    try {
      await expect(able.setNetworkPolicy('cut')).rejects.toMatchObject({
        code: 'unsupported_option',
        option: 'security.addCapabilities',
      });
      expect((await able.sendShellCommand('ip route show default')).stdout).toContain('default via');
      await expect(able.setNetworkPolicy('none')).resolves.toMatchObject({ policy: 'none' });
    } finally {
      await able.cleanup();
    }
  });

  test('cannot be changed with an image that has no ip, and the error says what to do', async () => {
    const bare = 'swelancer-test:no-ip';
    await importImage(docker, bare, ['ip', 'busybox']);
    const runtime = dockerRuntime({ labels, helperImage: bare });
    const other = await runtime.start(testRequest(), { emit });
    try {
      await expect(other.setNetworkPolicy('cut')).rejects.toMatchObject({
        code: 'unsupported_option',
        option: 'helperImage',
      });
    } finally {
      await other.cleanup();
      await docker.getImage(bare).remove({ force: true });
    }
  });
});
