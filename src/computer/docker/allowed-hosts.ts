import { lookup } from 'node:dns/promises';
import { isIPv4 } from 'node:net';
import { ConfigurationError } from '../../errors.js';
import { NetworkPolicyError } from '../network-policy.js';
import type { CallOptions } from '../computer-interface.js';
import type { DockerContainer } from './docker-container.js';
import { runExec } from './docker-exec.js';

/** A host that stays reachable, and where it was found. */
export interface AllowedHost {
  readonly host: string;
  readonly addresses: readonly string[];
}

/** @throws ConfigurationError for what is no host name, or has no IPv4 address */
export async function resolveHosts(hosts: readonly string[]): Promise<readonly AllowedHost[]> {
  return Promise.all(
    hosts.map(async (host) => {
      if (isIPv4(host)) return { host, addresses: [host] };
      if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(host)) {
        throw new ConfigurationError(
          `${JSON.stringify(host)} is no host name that a network policy could allow.`,
        );
      }
      try {
        const found = await lookup(host, { all: true, family: 4 });
        return { host, addresses: found.map(({ address }) => address) };
      } catch (error) {
        throw new ConfigurationError(`The host ${host} cannot be allowed: it has no IPv4 address.`, {
          cause: error,
        });
      }
    }),
  );
}

/** Writes names into the computer's hosts file, since a computer that is cut off has nobody to ask. */
export async function nameHosts(
  container: DockerContainer,
  hosts: readonly AllowedHost[],
  call: CallOptions,
): Promise<void> {
  const lines = hosts.flatMap(({ host, addresses }) =>
    isIPv4(host) ? [] : addresses.map((address) => `${address} ${host}`),
  );
  if (lines.length === 0) return;
  // The words after the script are its arguments, so that nothing in them is taken for shell text.
  const argv = ['sh', '-c', `printf '%s\\n' "$@" >> /etc/hosts`, 'sh', ...lines];
  const { exitCode } = await runExec(container, argv, { ...call, user: '0' });
  if (exitCode === 0) return;
  const names = hosts.map(({ host }) => host).join(', ');
  throw new NetworkPolicyError(
    `The hosts to be allowed (${names}) could not be written to /etc/hosts of ${container.name}, where nobody else is to be asked for them.`,
    { computerId: container.name, checks: [] },
  );
}
