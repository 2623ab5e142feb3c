import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import Docker from 'dockerode';
import { toErrorRecord } from '../../errors.js';
import type { CallOptions } from '../computer-interface.js';
import { ComputerStartError } from '../errors.js';
import { type DockerEndpoint, type EndpointSearch, findEndpoints } from './docker-endpoint.js';
import { callEngine } from './engine-call.js';
import { forwardOverSsh } from './ssh-forward.js';

/** An engine that has answered. */
export interface DockerEngine {
  readonly docker: Docker;
  /** Where it is, for messages. */
  readonly description: string;
  /** Whether it is on this machine, so that a connection that closes means that one of the two has ended. */
  readonly local: boolean;
  /** Whether it is podman, which speaks the same language and treats the streams of an exec differently. */
  readonly isPodman: boolean;
}

/** Milliseconds one candidate gets to answer a ping. */
const pingTimeoutMs = 10_000;

/**
 * The first candidate that answers.
 * @throws ComputerStartError (`engine_unreachable`) that lists everything tried; the signal's reason on an abort.
 */
export async function findEngine(
  search: EndpointSearch,
  { signal }: CallOptions = {},
): Promise<DockerEngine> {
  const failures: string[] = [];
  for (const endpoint of await findEndpoints(search)) {
    const description = `${endpoint.host} (${endpoint.source})`;
    try {
      const remote = endpoint.host.startsWith('ssh://');
      const host = remote ? `unix://${await forwardOverSsh(endpoint.host, signal)}` : endpoint.host;
      const docker = openEndpoint({ ...endpoint, host });
      await ping(docker, signal);
      const isPodman = await askWhetherPodman(docker, signal);
      return { docker, description, local: !remote && isLocal(docker), isPodman };
    } catch (error) {
      signal?.throwIfAborted();
      failures.push(`${description}: ${explain(error)}`);
    }
  }
  throw unreachable(failures);
}

/** Checks an instance that the caller made. @throws ComputerStartError (`engine_unreachable`) */
export async function checkEngine(docker: Docker, { signal }: CallOptions = {}): Promise<DockerEngine> {
  const description = 'the dockerode instance that was passed in';
  try {
    await ping(docker, signal);
    const isPodman = await askWhetherPodman(docker, signal);
    return { docker, description, local: isLocal(docker), isPodman };
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable([`${description}: ${explain(error)}`], error);
  }
}

/** Both take a signal; their types do not say so. */
type Question<T> = (options: { readonly abortSignal: AbortSignal }) => Promise<T>;

async function ping(docker: Docker, signal: AbortSignal | undefined): Promise<void> {
  const call = docker.ping.bind(docker) as unknown as Question<unknown>;
  await callEngine((abortSignal) => call({ abortSignal }), { signal, timeoutMs: pingTimeoutMs });
}

async function askWhetherPodman(docker: Docker, signal: AbortSignal | undefined): Promise<boolean> {
  const call = docker.version.bind(docker) as unknown as Question<Partial<Docker.DockerVersion>>;
  const { Components: components } = await callEngine((abortSignal) => call({ abortSignal }), {
    signal,
    timeoutMs: pingTimeoutMs,
  });
  return components?.some(({ Name: name }) => name === 'Podman Engine') ?? false;
}

function isLocal(docker: Docker): boolean {
  const modem: unknown = docker.modem;
  return (
    typeof modem === 'object' && modem !== null && 'socketPath' in modem && modem.socketPath !== undefined
  );
}

function openEndpoint({ host, tls }: DockerEndpoint): Docker {
  const [, scheme = '', rest = ''] = /^([a-z]+):\/\/(.*)$/.exec(host) ?? [];
  // Everything dockerode would otherwise take from the environment by itself is set, or unset, here. Kept connections
  // would make the first call after a restart of the engine fail, and `timeout` would cut long quiet streams.
  const unset = { host: undefined, port: undefined, socketPath: undefined, timeout: undefined };
  const open = (options: object) =>
    new Docker({ ...unset, pathPrefix: '/', ...options } as Docker.DockerOptions); // Its types do not admit undefined.
  if (scheme === 'unix' || scheme === 'npipe') {
    return open({ protocol: 'http', socketPath: rest, agent: new HttpAgent({ keepAlive: false }) });
  }
  if (scheme !== 'tcp' && scheme !== 'http' && scheme !== 'https') {
    throw new Error('not an address of an engine; use unix://, npipe://, tcp://, https:// or ssh://');
  }
  const url = new URL(`http://${rest}`);
  const secure = scheme === 'https' || tls !== undefined || url.port === '2376';
  const { ca, cert, key, verify = true } = tls ?? {};
  return open({
    protocol: secure ? 'https' : 'http',
    host: url.hostname,
    port: url.port === '' ? (secure ? 2376 : 2375) : Number(url.port),
    ca,
    cert,
    key,
    agent: secure
      ? new HttpsAgent({ keepAlive: false, ca, cert, key, rejectUnauthorized: verify })
      : new HttpAgent({ keepAlive: false }),
  });
}

function explain(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such socket';
  if (code === 'ECONNREFUSED') return 'nobody listens there';
  if (code === 'EACCES') return 'this user may not open it; add the user to the group that owns it';
  return toErrorRecord(error).message;
}

function unreachable(failures: readonly string[], cause?: unknown): ComputerStartError {
  return new ComputerStartError(
    `No Docker engine answers. Tried ${failures.join('; ')}. Start Docker, or name an engine with the host option or DOCKER_HOST.`,
    { reason: 'engine_unreachable', cause },
  );
}
