import { setTimeout as wait } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { CallOptions } from '../computer-interface.js';
import { CleanupError } from '../errors.js';
import { callEngineTwice } from './engine-call.js';
import { hasStatus, readRefusal } from './engine-error.js';

/** What belongs to one computer on the engine, by name. */
export interface ComputerBelongings {
  readonly container: string;
  /** `undefined` where the network is somebody else's. */
  readonly network: string | undefined;
}

/** Milliseconds for all of it. Killing and removing takes the engine about 300 ms when it is idle. */
const removalTimeoutMs = 60_000;
const lookEveryMs = 50;

/**
 * Removes a container with its anonymous volumes, then its network, and makes sure that they are gone. What is not
 * there counts as removed. @throws CleanupError that says what is left and how to remove it
 */
export async function removeComputer(
  docker: Docker,
  { container, network }: ComputerBelongings,
  { timeoutMs = removalTimeoutMs }: CallOptions = {},
): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs;
  const remainingMs = () => Math.max(giveUpAt - performance.now(), 1);
  const untilGone = async (attempt: (signal: AbortSignal) => Promise<unknown>): Promise<void> => {
    for (;;) {
      try {
        await callEngineTwice(attempt, { timeoutMs: remainingMs() });
      } catch (error) {
        if (hasStatus(error, 404)) return;
        // Somebody else is removing it, it ends at this moment, or the network still counts it: all of that passes.
        const passing =
          hasStatus(error, 409) ||
          /active endpoints|in progress|state improper/i.test(readRefusal(error).message);
        if (!passing || remainingMs() < lookEveryMs) throw error;
      }
      await wait(lookEveryMs);
    }
  };
  const left: string[] = [];
  const failures: unknown[] = [];
  const remove = async (
    kind: string,
    name: string,
    command: string,
    attempt: (signal: AbortSignal) => Promise<unknown>,
  ) => {
    try {
      await untilGone(attempt);
    } catch (error) {
      left.push(`${kind} ${name} (remove it with \`${command} ${name}\`)`);
      failures.push(error);
    }
  };
  await remove('container', container, 'docker rm -f -v', (abortSignal) =>
    docker.getContainer(container).remove({ force: true, v: true, abortSignal }),
  );
  if (network !== undefined) {
    await remove('network', network, 'docker network rm', () => docker.getNetwork(network).remove());
  }
  if (left.length === 0) return;
  throw new CleanupError(
    `A computer could not be given back. Left on the Docker engine: ${left.join('; ')}. The engine says: ${readRefusal(failures[0]).message}`,
    { computerId: container, retryable: true, cause: failures[0] },
  );
}
