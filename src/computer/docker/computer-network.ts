import type Docker from 'dockerode';
import type { CallOptions } from '../computer-interface.js';
import { ComputerStartError } from '../errors.js';
import { overlaps, subnetsOf } from './address-pool.js';
import { callEngine, callEngineTwice } from './engine-call.js';
import { readRefusal } from './engine-error.js';

export interface ComputerNetwork {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** A range to take a small subnet from. Default: the engine's own choice. */
  readonly addressPool: string | undefined;
}

/** As Docker and podman say it. */
const noAddresses =
  /overlap|address pools?.*(exhausted|subnetted)|already (being )?used|find free (network|subnet)/i;
/** Subnets tried in a row that somebody else took in the same moment. */
const mostCollisions = 20;

/**
 * A bridge network for one computer alone, so that computers do not see each other.
 * @throws ComputerStartError (`out_of_addresses`) when there is no address range left
 */
export async function createComputerNetwork(
  docker: Docker,
  network: ComputerNetwork,
  { signal }: CallOptions,
): Promise<void> {
  signal?.throwIfAborted();
  const { addressPool } = network;
  const subnets: readonly (string | undefined)[] =
    addressPool === undefined ? [undefined] : await freeSubnets(docker, addressPool, { signal });
  let refused: unknown;
  for (const subnet of subnets.slice(0, mostCollisions)) {
    try {
      await createNetwork(docker, network, subnet);
      return;
    } catch (error) {
      if (!noAddresses.test(readRefusal(error).message)) throw error;
      refused = error;
    }
  }
  throw new ComputerStartError(
    addressPool === undefined
      ? 'The Docker engine has no address range left for another network; by default it has about 31. ' +
          'Run fewer computers at once, remove unused networks, name a range with the addressPool option, ' +
          'or widen default-address-pools in its daemon.json.'
      : `Every subnet of addressPool ${addressPool} is taken. Name a wider range, or remove unused networks.`,
    { reason: 'out_of_addresses', retryable: true, cause: refused },
  );
}

async function createNetwork(
  docker: Docker,
  { name, labels }: ComputerNetwork,
  subnet: string | undefined,
): Promise<void> {
  // Not interrupted: an engine that is left alone with this call creates the network after we have cleaned up.
  await callEngine(
    async () =>
      await docker.createNetwork({
        Name: name,
        Driver: 'bridge',
        CheckDuplicate: true,
        Labels: { ...labels },
        ...(subnet === undefined ? {} : { IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] } }),
      }),
  );
}

async function freeSubnets(docker: Docker, addressPool: string, call: CallOptions): Promise<string[]> {
  const networks = await callEngineTwice((abortSignal) => docker.listNetworks({ abortSignal }), call);
  const taken = networks.flatMap(({ IPAM }) => IPAM?.Config?.map(({ Subnet }) => Subnet ?? '') ?? []);
  return subnetsOf(addressPool).filter(
    (subnet) => !taken.some((other) => other !== '' && overlaps(subnet, other)),
  );
}
