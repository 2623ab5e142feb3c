import { inspect } from 'node:util';
import { ConfigurationError } from '../../errors.js';
import type { CallOptions, NetworkOptions } from '../computer-interface.js';
import { Deadline, settledWithin } from '../deadline.js';
import { ComputerLostError, UnsupportedOptionError } from '../errors.js';
import {
  type NetworkCheck,
  type NetworkPolicy,
  NetworkPolicyError,
  type NetworkReport,
} from '../network-policy.js';
import { type DockerContainer, lossBehind } from './docker-container.js';
import { type AllowedHost, nameHosts, resolveHosts } from './allowed-hosts.js';
import { callEngine, callEngineTwice } from './engine-call.js';
import { isConnectionFailure } from './engine-error.js';
import {
  type CutNetwork,
  cutScript,
  type NetworkAddresses,
  restoreScript,
  verifyScript,
} from './network-script.js';
import { runBeside } from './side-container.js';

export interface NetworkControl {
  /**
   * Where hosts to allow cannot be found, nothing has been changed.
   * @throws ConfigurationError for such hosts, and for a policy that there is none of; NetworkPolicyError when it does not hold afterwards, UnsupportedOptionError where it cannot be done,
   * ComputerLostError where there is no container any more
   */
  set(policy: NetworkPolicy, options?: NetworkOptions): Promise<NetworkReport>;
  /** Waits for what is being changed; nothing is from then on. Never rejects. */
  close(): Promise<void>;
}

const nothingTaken: CutNetwork = {
  routes4: [],
  routes6: [],
  broadcasts: [],
  addresses4: [],
  addresses6: [],
  down: [],
};

/** `helperImage` needs `sh` and `ip` (iproute2 or busybox). */
export function createNetworkControl(
  container: DockerContainer,
  network: string,
  helperImage: string,
): NetworkControl {
  /** Unknown while it is changed, and after a change that was broken off. */
  let current: NetworkPolicy | 'unknown' = 'open';
  let saved: CutNetwork | undefined;
  let allowed: readonly AllowedHost[] = [];
  const beside = async (script: string, call: CallOptions) => {
    const processes = 64 + 8 * allowed.reduce((sum, { addresses }) => sum + addresses.length, 0);
    const run = { image: helperImage, script, processes, capabilities: ['NET_ADMIN', 'NET_RAW'] };
    const { exitCode, output } = await runBeside(container, run, call);
    if (exitCode === 0) return output;
    if (exitCode !== 9) throw failure(container, `the helper container failed: ${output.trim()}`, []);
    throw new UnsupportedOptionError(
      `The network of ${container.name} cannot be changed: ${helperImage} has no \`ip\`. Name an image that has it with the helperImage option.`,
      { option: 'helperImage', computerId: container.name },
    );
  };
  const verify = async (policy: NetworkPolicy, method: NetworkReport['method'], call: CallOptions) => {
    const addresses = await addressesOf(container, network, call);
    const reached = allowed.flatMap(({ addresses: own }) => own);
    const checks = parseChecks(await beside(verifyScript(addresses, reached), call), policy);
    const failed = checks.filter((check) => !check.passed);
    const names = new Set<string>(checks.map(({ name }) => name));
    const exempt = ['allowed', ...(reached.includes(addresses.gateway) ? ['gateway'] : [])];
    const missing = Object.keys(demands[policy]).filter((name) => !exempt.includes(name) && !names.has(name));
    if (missing.length > 0 || failed.length > 0) {
      const problems = [
        ...failed.map(({ name, found, detail }) => `${name} is ${found} (${detail})`),
        ...missing.map((name) => `${name} was not looked at`),
      ];
      throw failure(container, problems.join('; '), checks);
    }
    return { policy, method, checks };
  };
  const change = async (policy: NetworkPolicy, { allow = [], ...call }: NetworkOptions) => {
    if (!Object.hasOwn(demands, policy)) {
      const known = Object.keys(demands).join(', ');
      throw new ConfigurationError(`There is no network policy ${inspect(policy)}; use one of ${known}.`);
    }
    if (policy === 'cut') await refuseWhereUndone(container, call);
    const allowedNext = policy === 'cut' ? await resolveHosts(allow) : [];
    if (policy === current && allowed.length === 0 && allowedNext.length === 0) {
      return await verify(policy, 'nothing', call);
    }
    if (allowedNext.length > 0) await nameHosts(container, allowedNext, call);
    call.signal?.throwIfAborted();
    const before = current;
    current = 'unknown';
    const target = container.docker.getNetwork(network);
    const connect = () => target.connect({ Container: container.id }) as Promise<unknown>;
    const disconnect = () => target.disconnect({ Container: container.id, Force: true }) as Promise<unknown>;
    // From here on to its end, whoever asked for it: what was taken away has to be known to be brought back.
    let method: NetworkReport['method'] = 'routes';
    if (before === 'unknown') {
      // A new interface has the routes that the engine gives it, once the cut's own is gone, which belongs to none.
      await beside(restoreScript(nothingTaken), {});
      await callEngine(disconnect).catch((error: unknown) => {
        // It may not be connected at all.
        if (isConnectionFailure(error)) throw error;
      });
    }
    const restore = before === 'cut' ? restoreScript(saved ?? nothingTaken) : '';
    if (before === 'unknown' || before === 'none') {
      await callEngine(connect);
      method = 'connect';
    }
    allowed = allowedNext;
    if (policy === 'cut') {
      const cut = cutScript(allowed.flatMap(({ addresses }) => addresses));
      // In one, so that a computer that is cut already is not open for longer than that takes, whatever happens to us.
      saved = parseCut(await beside(`${restore}\n${cut}`, {}));
    } else if (restore !== '') {
      await beside(restore, {});
    }
    if (policy === 'none') {
      await callEngine(disconnect);
      method = 'disconnect';
    }
    current = policy;
    return await verify(policy, method, call);
  };
  let last: Promise<unknown> = Promise.resolve();
  const closing = new AbortController();
  return {
    set: async (policy, options = {}) => {
      using deadline = new Deadline(options, closing.signal);
      const { signal } = deadline;
      const changed = last.then(async () => {
        signal.throwIfAborted();
        return await change(policy, { allow: options.allow, signal });
      });
      last = changed.catch(() => undefined);
      try {
        return await deadline.race(changed, 'The change of the network policy', 0);
      } catch (error) {
        throw (await lossBehind(container, error)) ?? error;
      }
    },
    close: async () => {
      closing.abort(
        new ComputerLostError('The computer has been cleaned up.', {
          reason: 'cleaned_up',
          computerId: container.name,
        }),
      );
      await settledWithin(last, closeMs);
    },
  };
}

/** Milliseconds for a change that is under way; it takes less than a second on an engine that is well. */
const closeMs = 10_000;

/** Capabilities by which a process in the container brings routes back, does without them, or leaves the container. */
const undoing: ReadonlySet<string> = new Set(['ALL', 'NET_ADMIN', 'NET_RAW', 'SYS_ADMIN', 'SYS_MODULE']);

/** @throws UnsupportedOptionError */
async function refuseWhereUndone(container: DockerContainer, call: CallOptions): Promise<void> {
  const { HostConfig: host } = await callEngineTwice(
    async () => await container.docker.getContainer(container.id).inspect(),
    call,
  );
  // Its types promise a list, the engine may give null.
  const added = ((host.CapAdd ?? []) as readonly string[]).map((name) => name.replace(/^CAP_/, ''));
  const capability = added.find((name) => undoing.has(name));
  if (capability === undefined) return;
  throw new UnsupportedOptionError(
    `The network of ${container.name} cannot be cut: with the capability ${capability} it could be brought back from inside. Leave it out of security.addCapabilities, or use the policy none.`,
    { option: 'security.addCapabilities', computerId: container.name },
  );
}

function parseCut(output: string): CutNetwork {
  const of = (prefix: string) =>
    output
      .split('\n')
      .filter((line) => line.startsWith(prefix))
      .map((line) => line.slice(prefix.length).trim());
  return {
    routes4: of('route4 '),
    routes6: of('route6 '),
    broadcasts: of('broadcast '),
    addresses4: of('address4 '),
    addresses6: of('address6 '),
    down: of('down '),
  };
}

/** What each policy demands; what it does not name may be either. */
const demands: Readonly<Record<NetworkPolicy, Partial<Record<NetworkCheck['name'], NetworkCheck['found']>>>> =
  {
    open: { loopback: 'reachable', interface: 'reachable', 'outside-ipv4': 'reachable' },
    cut: {
      loopback: 'reachable',
      interface: 'reachable',
      'outside-ipv4': 'unreachable',
      'outside-ipv6': 'unreachable',
      gateway: 'unreachable',
      neighbour: 'unreachable',
      dns: 'unreachable',
      allowed: 'reachable',
    },
    none: {
      loopback: 'reachable',
      interface: 'unreachable',
      'outside-ipv4': 'unreachable',
      'outside-ipv6': 'unreachable',
      dns: 'unreachable',
    },
  };

function parseChecks(output: string, policy: NetworkPolicy): NetworkCheck[] {
  return [
    ...output.matchAll(/^check (\S+) (reachable|unreachable) (route|connection|resolver|interface) ?(.*)$/gm),
  ].map(([, first, second, third, detail = '']) => {
    // The script prints nothing else there.
    const [name, found] = [first as NetworkCheck['name'], second as NetworkCheck['found']];
    const shownBy = third as NetworkCheck['shownBy'];
    const demanded = demands[policy][name];
    const passed = demanded === undefined || demanded === found;
    return { name, found, passed, shownBy, detail: detail.trim() };
  });
}

async function addressesOf(
  { docker, id }: DockerContainer,
  network: string,
  call: CallOptions,
): Promise<NetworkAddresses> {
  const { NetworkSettings: settings } = await callEngineTwice(
    async () => await docker.getContainer(id).inspect(),
    call,
  );
  const info = await callEngineTwice(async () => await docker.getNetwork(network).inspect(), call);
  // Of a network that was made with a subnet only, the engine names the gateway in its containers and nowhere else.
  const named = [
    settings.Networks[info.Name]?.Gateway,
    ...(info.IPAM?.Config ?? []).map(({ Gateway: address }) => address),
  ];
  const gateway = named.find((address) => address?.includes('.')) ?? '';
  // The last address of the smallest usual range; whether somebody has it does not matter to a route.
  return {
    gateway,
    neighbour: gateway.replace(/\d+$/, (last) => String(Number(last) + (Number(last) > 250 ? -5 : 5))),
  };
}

function failure(
  container: DockerContainer,
  why: string,
  checks: readonly NetworkCheck[],
): NetworkPolicyError {
  return new NetworkPolicyError(`The network policy of ${container.name} does not hold: ${why}.`, {
    computerId: container.name,
    checks,
  });
}
