import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { CallOptions } from '../computer-interface.js';
import { Deadline } from '../deadline.js';
import { ComputerStartError } from '../errors.js';
import { clientArguments, connected } from './ssh-arguments.js';
import { startFailure } from './ssh-failure.js';
import { SshConnectError, type SshMaster, startMaster } from './ssh-master.js';
import { checkOptions } from '../../check-options.js';
import { type SshDestinationOptions, sshDestinationShape } from './ssh-options.js';

export interface ForwardDockerSocketOptions extends Omit<SshDestinationOptions, 'destination'> {
  /** Default: `/var/run/docker.sock`. */
  readonly remoteSocket?: string | undefined;
}

/** A Docker engine of another machine, reachable through a socket of this one. */
export interface ForwardedDockerSocket extends AsyncDisposable {
  readonly socketPath: string;
  /** For `dockerRuntime({ host })`. */
  readonly host: string;
}

const answerMs = 10_000;
const longestPauseMs = 5000;

/**
 * Forwards the Docker engine of another machine to a socket here, over one connection that is made again when it
 * breaks. (A Docker client that speaks `ssh://` itself connects anew for every request, and checks no host key.)
 *
 * ```ts
 * await using engine = await forwardDockerSocket('root@gpu-1');
 * const runtime = dockerRuntime({ host: engine.host });
 * ```
 * @throws ConfigurationError, ComputerStartError; nothing is left then
 */
export async function forwardDockerSocket(
  destination: string,
  options: ForwardDockerSocketOptions & CallOptions = {},
): Promise<ForwardedDockerSocket> {
  const { remoteSocket = '/var/run/docker.sock', signal, timeoutMs, ...rest } = options;
  const ssh: SshDestinationOptions = { ...rest, destination };
  checkOptions('forwardDockerSocket', sshDestinationShape, ssh);
  using deadline = new Deadline({ signal, timeoutMs });
  const closing = new AbortController();
  const folder = await mkdtemp('/tmp/swl-');
  const socketPath = join(folder, 'docker.sock');
  let made = 0;
  let master: SshMaster | undefined;

  const forward = async (stop: AbortSignal): Promise<SshMaster> => {
    made += 1;
    const next = await startMaster(ssh, folder, made, stop);
    try {
      await requestForward(ssh, next, `${socketPath}:${remoteSocket}`);
      return next;
    } catch (error) {
      await next.close();
      throw error;
    }
  };
  const close = async (): Promise<void> => {
    closing.abort();
    await keeping;
    await master?.close();
    await rm(folder, { recursive: true, force: true });
  };
  let keeping: Promise<void> = Promise.resolve();
  try {
    master = await forward(deadline.signal);
    await ping(socketPath, `${destination}:${remoteSocket}`, deadline.signal);
  } catch (error) {
    await close();
    if (deadline.cause !== undefined) throw deadline.error(`The connection to ${destination}`);
    throw error instanceof SshConnectError ? startFailure(destination, error.failure) : error;
  }
  keeping = (async () => {
    const stopped = new Promise<void>((resolve) => {
      closing.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    for (let pauseMs = 100; !closing.signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      await Promise.race([master.ended, stopped]);
      try {
        master = await forward(closing.signal);
        pauseMs = 100;
      } catch {
        // Users of the socket see the break; there is nobody else to tell.
        await sleep(pauseMs, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
  })();
  let closed: Promise<void> | undefined;
  return {
    socketPath,
    host: `unix://${socketPath}`,
    [Symbol.asyncDispose]: async () => {
      closed ??= close();
      await closed;
    },
  };
}

async function requestForward(
  { sshProgram = 'ssh', destination }: SshDestinationOptions,
  { socket }: SshMaster,
  sockets: string,
): Promise<void> {
  const parameters = [...clientArguments(socket), '-O', 'forward', '-L', sockets, '--', connected];
  const { exitCode, stderr } = await execa(sshProgram, parameters, {
    reject: false,
    stdin: 'ignore',
    timeout: answerMs,
    cleanup: false,
  });
  if (exitCode === 0) return;
  const message = `The SSH connection to ${destination} does not forward sockets. ssh says: ${stderr}`;
  throw new ComputerStartError(message, { reason: 'engine_unreachable' });
}

/** ssh forwards to a socket that is not there as well; only an answer shows that it is. */
async function ping(socketPath: string, what: string, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const request = get(
      { socketPath, path: '/_ping', signal, timeout: answerMs, agent: false },
      (response) => {
        response.resume();
        resolve();
      },
    );
    request.once('timeout', () => request.destroy(new Error('it does not answer')));
    request.once('error', (cause) => {
      const message = `There is no Docker engine at ${what}: ${cause.message}. Check that it runs, and that the user may use its socket.`;
      reject(new ComputerStartError(message, { reason: 'engine_unreachable', cause }));
    });
  });
}
