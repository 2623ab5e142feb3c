import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import { type Environment, Secret } from '../../redaction.js';
import type { CallOptions, ComputerSnapshot } from '../computer-interface.js';
import { SnapshotError } from '../errors.js';
import { freeImageSpace } from './disk-floor.js';
import { type DockerContainer, lossBehind } from './docker-container.js';
import { callEngine } from './engine-call.js';
import { whileStill } from './exec-gate.js';
import { hasStatus, readRefusal } from './engine-error.js';

/** The repository of snapshots, which are on the engine only and never pulled. */
export const snapshotRepository = 'swelancer-snapshot';

/** Milliseconds: a commit copies whatever the computer has written, which may be gigabytes. */
const commitTimeoutMs = 30 * 60_000;

export interface SnapshotStoreOptions {
  readonly docker: Docker;
  /** Bytes that have to be free before a snapshot. */
  readonly freeBytes: number;
}

/** The snapshots of one runtime. They carry the labels of their computer, by which they are found when their owner dies. */
export class SnapshotStore {
  readonly #options: SnapshotStoreOptions;
  /**
   * To be removed, and perhaps there: still in use when that was tried, or made without a word of it, then by the container
   * whose commit may be under way for as long as it is there.
   */
  readonly #unwanted = new Map<string, string | undefined>();

  constructor(options: SnapshotStoreOptions) {
    this.#options = options;
  }

  /**
   * The container stands still meanwhile, so that no half-written file gets in. Secrets of its environment stay out.
   * @throws SnapshotError, and ComputerLostError where there is no container any more
   */
  async take(
    container: DockerContainer,
    environment: Environment,
    { signal, timeoutMs = commitTimeoutMs }: CallOptions = {},
  ): Promise<ComputerSnapshot> {
    await this.#checkSpace(container, { signal });
    const tag = randomBytes(8).toString('hex');
    const image = `${snapshotRepository}:${tag}`;
    const secrets = Object.entries(environment).filter(([, value]) => value instanceof Secret);
    const changes = secrets.map(([name]) => `ENV ${name}=""`).join('\n');
    // The engine refuses a list of changes that is empty.
    const commit = { repo: snapshotRepository, tag, pause: true, ...(changes !== '' && { changes }) };
    const engine = this.#options.docker.getContainer(container.id);
    const remove = async () => await this.#remove(image);
    try {
      await callEngine(
        async () =>
          await whileStill(this.#options.docker, container.id, async () => {
            signal?.throwIfAborted();
            return await (engine.commit(commit) as Promise<unknown>);
          }),
        // An abandoned commit goes on in the engine.
        { signal, timeoutMs, onLate: () => void remove().catch(() => undefined) },
      );
    } catch (error) {
      signal?.throwIfAborted();
      const { status, message } = readRefusal(error);
      // Where no answer came it may have been made all the same. By the time the computer is given back it is over.
      if (status === undefined) this.#unwanted.set(image, container.id);
      const loss = await lossBehind(container, error);
      if (loss !== undefined) throw loss;
      throw new SnapshotError(
        `The Docker engine made no snapshot of ${container.name}: ${message}. The computer itself goes on.`,
        { reason: 'other', computerId: container.name, cause: error },
      );
    }
    return { image, remove, [Symbol.asyncDispose]: remove };
  }

  /** To be called when a computer has been given back: it may have been the last one to use a snapshot. */
  async removeUnwanted(goneContainer: string): Promise<void> {
    for (const [image, maker] of this.#unwanted) {
      if (maker === undefined || maker === goneContainer) await this.#remove(image);
    }
  }

  async #checkSpace({ name }: DockerContainer, call: CallOptions): Promise<void> {
    const { docker, freeBytes } = this.#options;
    const free = await freeImageSpace(docker, call);
    if (free === undefined || free >= freeBytes) return;
    throw new SnapshotError(
      `No snapshot was made of ${name}: the engine's disk is below its floor of ${freeBytes} free bytes. Remove images, or lower freeBytes.`,
      { reason: 'no_space', computerId: name },
    );
  }

  async #remove(image: string): Promise<void> {
    try {
      // Not forced: that would take the name away and leave the layers.
      await callEngine(async () => await (this.#options.docker.getImage(image).remove() as Promise<unknown>));
      this.#unwanted.delete(image);
    } catch (error) {
      if (hasStatus(error, 404)) this.#unwanted.delete(image);
      else if (hasStatus(error, 409)) this.#unwanted.set(image, undefined);
      else throw error;
    }
  }
}
