import { setTimeout as wait } from 'node:timers/promises';
import type Docker from 'dockerode';
import { toErrorRecord } from '../../errors.js';
import type { EmitEvent } from '../../events/event.js';
import type { Gate } from '../../gate.js';
import type {
  CallOptions,
  EvictOptions,
  FetchedImage,
  ImageEviction,
  StartOptions,
} from '../computer-interface.js';
import { Deadline, over } from '../deadline.js';
import { ImagePullError } from '../errors.js';
import { freeImageSpace } from './disk-floor.js';
import { callEngineTwice } from './engine-call.js';
import { hasStatus } from './engine-error.js';
import { engineFacts } from './engine-facts.js';
import { imageCopy } from './image-copy.js';
import { pullImage } from './image-pull.js';
import { snapshotRepository } from './snapshot.js';

export interface ImageStoreOptions {
  readonly docker: Docker;
  readonly platform: string;
  readonly pull: 'missing' | 'never' | 'always';
  readonly configDirectory: string;
  /** Bytes that have to be free before a pull. */
  readonly freeBytes: number;
  /** Whether its id is the same each time it is asked. */
  readonly hasLastingId: boolean;
}

/** Milliseconds before the second and third try of a pull that failed for a reason that may pass. */
const retryWaitsMs = [1000, 4000] as const;

type PullCall = CallOptions & Pick<StartOptions, 'pullGate' | 'onFetched'>;

const open: Gate = (work) => work();

interface Flight {
  readonly done: Promise<void>;
  readonly controller: AbortController;
  readonly watchers: Set<Watcher>;
}

interface FoundImage {
  readonly id: string;
  readonly platform: string;
  readonly copy: string | undefined;
}

type Watcher = Pick<StartOptions, 'emit' | 'onFetched'>;

/** What a pull brings, and where the image was not there before it. */
interface Pull {
  readonly image: string;
  readonly isNew: boolean;
}

/** Makes sure that images are on the engine. One pull at a time for each image, however many ask for it. */
export class ImageStore {
  readonly #options: ImageStoreOptions;
  readonly #flights = new Map<string, Flight>();
  readonly #pulled = new Set<string>();
  /** Those pulled that were not there before. */
  readonly #brought = new Set<string>();

  constructor(options: ImageStoreOptions) {
    this.#options = options;
  }

  /** The id of the image. @throws ImagePullError; the signal's reason on an abort. */
  async provide(image: string, emit: EmitEvent, call: PullCall): Promise<string> {
    const { pull, platform } = this.#options;
    const present = await this.#find(image, call);
    const fits = present !== undefined && samePlatform(present.platform, platform);
    if (fits && (pull !== 'always' || this.#pulled.has(image) || image.startsWith(`${snapshotRepository}:`)))
      return present.id;
    if (pull === 'never' || image.startsWith(`${snapshotRepository}:`)) {
      const found = present === undefined ? 'is not on the engine' : `is there for ${present.platform} only`;
      throw new ImagePullError(
        `${image} (${platform}) ${found}, and pulling is off. Pull or build it first, or set pull to 'missing'.`,
        { image, reason: present === undefined ? 'not_found' : 'platform' },
      );
    }
    await this.#checkSpace(image, call);
    await this.#join({ image, isNew: present === undefined }, emit, call);
    const arrived = await this.#find(image, call);
    if (arrived === undefined) {
      throw new ImagePullError(`${image} was pulled, but the engine does not have it. Try again.`, {
        image,
        reason: 'other',
      });
    }
    if (!samePlatform(arrived.platform, platform)) {
      throw new ImagePullError(
        `${image} is for ${arrived.platform}, and ${platform} was asked for. Pass the platform option if it will do.`,
        { image, reason: 'platform' },
      );
    }
    this.#pulled.add(image);
    return arrived.id;
  }

  /**
   * Only an image that was brought here goes, by this process or an earlier one, and only where the disk is short and nobody
   * uses it.
   */
  async evict(
    image: string,
    { belowFreeBytes, fetchedBefore = [], ...call }: EvictOptions,
  ): Promise<ImageEviction> {
    if (this.#flights.has(image)) return { removed: false, mayGoLater: true };
    const before = fetchedBefore.filter((fetched) => fetched.image === image);
    if (!this.#brought.has(image) && !(await this.#isOneOf(before, call)))
      return { removed: false, mayGoLater: false };
    const { docker } = this.#options;
    const free = await freeImageSpace(docker, call);
    if (free === undefined || free >= belowFreeBytes)
      return { removed: false, mayGoLater: free !== undefined };
    try {
      await callEngineTwice(async () => await (docker.getImage(image).remove() as Promise<unknown>), call);
    } catch (error) {
      // In use, or removed by somebody else.
      if (hasStatus(error, 409)) return { removed: false, mayGoLater: true };
      if (!hasStatus(error, 404)) throw error;
    }
    this.#pulled.delete(image);
    this.#brought.delete(image);
    return { removed: true, mayGoLater: false };
  }

  /** Whether what is on this engine now is what was fetched then, and there. */
  async #isOneOf(fetched: readonly FetchedImage[], call: CallOptions): Promise<boolean> {
    const [first] = fetched;
    if (first === undefined) return false;
    const present = await this.#identify(first.image, call);
    return fetched.some(({ engine, copy }) => engine === present?.engine && copy === present.copy);
  }

  /** What a later process can know an image by. */
  async #identify(image: string, call: CallOptions): Promise<FetchedImage | undefined> {
    const { docker, hasLastingId } = this.#options;
    if (!hasLastingId) return undefined;
    const { id: engine } = await engineFacts(docker, call);
    const copy = (await this.#find(image, call))?.copy;
    return engine === undefined || copy === undefined ? undefined : { image, engine, copy };
  }

  async #checkSpace(image: string, call: CallOptions): Promise<void> {
    const { docker, freeBytes } = this.#options;
    const free = await freeImageSpace(docker, call);
    if (free === undefined || free >= freeBytes) return;
    const gibibytes = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
    throw new ImagePullError(
      `${image} was not pulled: the engine's disk has ${gibibytes(free)} free, and ${gibibytes(freeBytes)} are the floor. Remove images, or lower freeBytes.`,
      { image, reason: 'no_space' },
    );
  }

  async #find(image: string, call: CallOptions): Promise<FoundImage | undefined> {
    try {
      const found = await callEngineTwice(() => this.#options.docker.getImage(image).inspect(), call);
      return { id: found.Id, platform: `${found.Os}/${found.Architecture}`, copy: imageCopy(found) };
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      throw error;
    }
  }

  async #join(pull: Pull, emit: EmitEvent, call: PullCall): Promise<void> {
    const { image } = pull;
    const startedAt = performance.now();
    const elapsed = () => Math.round(performance.now() - startedAt);
    const flight = this.#flights.get(image) ?? this.#takeOff(pull, call.pullGate);
    const watcher: Watcher = { emit, onFetched: call.onFetched };
    flight.watchers.add(watcher);
    emit('image.pull.started', { image });
    using deadline = new Deadline(call);
    try {
      if ((await deadline.whileOpen(flight.done)) === over) throw deadline.error(`The pull of ${image}`);
      emit('image.pull.finished', { image, durationMs: elapsed() });
    } catch (error) {
      emit('image.pull.failed', { image, durationMs: elapsed(), error: toErrorRecord(error) });
      throw error;
    } finally {
      flight.watchers.delete(watcher);
      if (flight.watchers.size === 0) flight.controller.abort();
    }
  }

  #takeOff(pull: Pull, gate: Gate = open): Flight {
    const { image } = pull;
    const controller = new AbortController();
    const watchers = new Set<Watcher>();
    // Someone who comes while an abandoned pull is still ending must not be handed that one, and starts another.
    const land = () => {
      if (this.#flights.get(image) === flight) this.#flights.delete(image);
    };
    const done = this.#bring(pull, watchers, gate, controller.signal).finally(land);
    const flight = { done, controller, watchers };
    controller.signal.addEventListener('abort', land, { once: true });
    this.#flights.set(image, flight);
    done.catch(() => undefined);
    return flight;
  }

  async #bring(
    { image, isNew }: Pull,
    watchers: ReadonlySet<Watcher>,
    gate: Gate,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#pullPatiently(image, watchers, gate, signal);
    if (!isNew) return;
    this.#brought.add(image);
    // Whoever starts from it is told of an engine that does not answer.
    const fetched = await this.#identify(image, {}).catch(() => undefined);
    if (fetched === undefined) return;
    for (const { onFetched } of watchers) onFetched?.(fetched);
  }

  async #pullPatiently(
    image: string,
    watchers: ReadonlySet<Watcher>,
    gate: Gate,
    signal: AbortSignal,
  ): Promise<void> {
    const onProgress = (totals: { receivedBytes: number; totalBytes: number; layers: number }) => {
      for (const { emit } of watchers) emit('image.pull.progress', { image, ...totals });
    };
    for (let failures = 0; ; failures++) {
      try {
        await gate(() => pullImage({ ...this.#options, image, onProgress }, { signal }), signal);
        return;
      } catch (error) {
        const waitMs = retryWaitsMs[failures];
        if (!(error instanceof ImagePullError) || error.reason !== 'network' || waitMs === undefined)
          throw error;
        await wait(waitMs, undefined, { signal });
      }
    }
  }
}

/** The engine leaves the variant out of what it reports for most images, so only the first two parts count. */
function samePlatform(left: string, right: string): boolean {
  const main = (platform: string) => platform.split('/').slice(0, 2).join('/');
  return main(left) === main(right);
}
