import { randomBytes } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CallOptions, ComputerRequest, ComputerRuntime, StartOptions } from '../computer-interface.js';
import { Deadline } from '../deadline.js';
import { ComputerStartError } from '../errors.js';
import { startEnded } from '../start-ended.js';
import { subnetsOf } from './address-pool.js';
import { createComputerNetwork } from './computer-network.js';
import type { DockerContainer } from './docker-container.js';
import { createDockerComputer, type DockerComputer } from './docker-computer.js';
import { createNetworkControl } from './network-policy.js';
import { checkEngine, type DockerEngine, findEngine } from './docker-engine.js';
import {
  checkDockerOptions,
  checkDockerRequest,
  checkImageName,
  type DockerRuntimeOptions,
} from './docker-options.js';
import { EngineTimeoutError, isConnectionFailure, readRefusal } from './engine-error.js';
import { ImageStore } from './image-store.js';
import { computerLabel, createdLabel, imageLabel, ownerLabel, purposeLabel, sessionLabel } from './labels.js';
import { startCrashReaper } from './crash-reaper.js';
import { armDeadMan } from './dead-man.js';
import { formatOwner, thisHarness } from './harness-identity.js';
import { removeComputer } from './remove-computer.js';
import { SnapshotStore } from './snapshot.js';
import { type SweepOptions, type SweepReport, sweepOrphans } from './sweep-orphans.js';
import { earlyFailure, startContainer } from './start-container.js';

/** A runtime that can also clear up after others that died. */
export interface DockerRuntime extends ComputerRuntime {
  start(request: ComputerRequest, options: StartOptions): Promise<DockerComputer>;
  /** Removes what dead harnesses left on the engine. Spares everything whose owner lives or may live. */
  sweepOrphans(options?: SweepOptions): Promise<SweepReport>;
}

/**
 * Computers as containers of a Docker engine, which is looked for at the first start. This is where the package reads
 * the docker client's own settings: `DOCKER_HOST`, `DOCKER_CONTEXT`, `DOCKER_CONFIG` and its configuration folder.
 * @throws ConfigurationError for options that do not exist or do not fit
 */
export function dockerRuntime(options: DockerRuntimeOptions = {}): DockerRuntime {
  checkDockerOptions(options);
  if (options.addressPool !== undefined) subnetsOf(options.addressPool);
  const session = randomBytes(8).toString('hex');
  const owner = formatOwner(thisHarness());
  const configDirectory =
    options.configDirectory ?? process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  let reaperRuns = false;
  let connected:
    | { readonly engine: DockerEngine; readonly images: ImageStore; readonly snapshots: SnapshotStore }
    | undefined;

  const connect = async (call: CallOptions) => {
    if (connected !== undefined) return connected;
    const engine =
      options.docker === undefined
        ? await findEngine(
            {
              host: options.host,
              configDirectory,
              environment: process.env,
              home: homedir(),
              platform: process.platform,
              userId: process.getuid?.(),
            },
            call,
          )
        : await checkEngine(options.docker, call);
    const { docker } = engine;
    const { platform = 'linux/amd64', pull = 'missing' } = options;
    if (!reaperRuns && options.removeAfterCrash !== false) {
      reaperRuns = true;
      startCrashReaper(docker, `${sessionLabel}=${session}`);
    }
    const { freeBytes = defaultFreeBytes } = options;
    connected ??= {
      engine,
      images: new ImageStore({
        docker,
        platform,
        pull,
        configDirectory,
        freeBytes,
        hasLastingId: !engine.isPodman,
      }),
      snapshots: new SnapshotStore({ docker, freeBytes }),
    };
    return connected;
  };

  const start = async (
    request: ComputerRequest,
    { emit, pullGate, onFetched, ...call }: StartOptions,
  ): Promise<DockerComputer> => {
    const { engine, images, snapshots } = await connect(call);
    const { docker } = engine;
    const imageId = await images.provide(request.image, emit, { ...call, pullGate, onFetched });
    const name = `swelancer-${randomBytes(6).toString('hex')}`;
    const labels = {
      ...options.labels,
      ...request.labels,
      [computerLabel]: name,
      [sessionLabel]: session,
      [ownerLabel]: owner,
      [createdLabel]: new Date().toISOString(),
      [purposeLabel]: request.purpose,
      [imageLabel]: request.image,
    };
    let container: DockerContainer | undefined;
    const belongings = { container: name, network: options.network === undefined ? name : undefined };
    try {
      if (belongings.network !== undefined) {
        await createComputerNetwork(docker, { name, labels, addressPool: options.addressPool }, call);
      }
      const network = belongings.network ?? options.network ?? name;
      container = await startContainer(
        engine,
        { name, imageId, network, labels, request, options },
        emit,
        call,
      );
      const { id } = container;
      const guarded = engine.local && options.removeAfterCrash !== false;
      const deadMan = guarded ? await armDeadMan(container, call) : undefined;
      return await createDockerComputer({
        container,
        request,
        snapshots,
        strategy: options.strategy ?? 'lane',
        onDegraded: (reason) => emit('computer.degraded', { reason }),
        network: createNetworkControl(container, network, options.helperImage ?? imageId),
        remove: async (timeoutMs) => {
          deadMan?.[Symbol.dispose]();
          await removeComputer(docker, belongings, { timeoutMs });
          await snapshots.removeUnwanted(id);
        },
      });
    } catch (error) {
      const failure = container === undefined ? error : await earlyFailure(container, error);
      container?.watch.close();
      container?.log.close();
      await removeAfterFailure(failure, async () => await removeComputer(docker, belongings));
      throw failure;
    }
  };

  return {
    name: 'docker',
    sweepOrphans: async (sweep = {}) => await sweepOrphans((await connect(sweep)).engine.docker, sweep),
    prefetchImage: async (image, { emit, pullGate, onFetched, ...call }) => {
      checkImageName(image);
      using deadline = new Deadline(call);
      const limits = { signal: deadline.signal };
      await (await connect(limits)).images.provide(image, emit, { ...limits, pullGate, onFetched });
    },
    evictImage: async (image, { belowFreeBytes, fetchedBefore, ...call }) => {
      using deadline = new Deadline(call);
      const { images } = await connect(call);
      return await images.evict(image, { belowFreeBytes, fetchedBefore, signal: deadline.signal });
    },
    start: async (request, startOptions) => {
      const what = `The start of a computer from ${request.image}`;
      using deadline = new Deadline(startOptions);
      deadline.check(what);
      checkDockerRequest(request);
      try {
        const { emit, pullGate, onFetched } = startOptions;
        return await start(request, { emit, pullGate, onFetched, signal: deadline.signal });
      } catch (error) {
        throw startEnded(deadline, what, startOptions, error) ?? asStartError(request.image, error);
      }
    },
  };
}

/** Bytes. Our choice: an engine whose disk is full fails in ways that look like anything else. */
const defaultFreeBytes = 2 * 1024 ** 3;

/** The first error is the one to tell; what cleaning up after it met goes along as part of its story. */
async function removeAfterFailure(failure: unknown, remove: () => Promise<void>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    // An engine that is gone fails at both, and the caller is told of that already.
    if (isConnectionFailure(failure) || isConnectionFailure((error as Error).cause)) return;
    throw error;
  }
}

function asStartError(image: string, error: unknown): unknown {
  const { status, message } = readRefusal(error);
  if (status !== undefined) {
    return new ComputerStartError(`The Docker engine did not start a computer from ${image}: ${message}`, {
      reason: 'other',
      cause: error,
    });
  }
  if (!isConnectionFailure(error)) return error;
  const timedOut = error instanceof EngineTimeoutError;
  return new ComputerStartError(
    `The Docker engine was lost while a computer from ${image} was started: ${message}. Check that it runs.`,
    { reason: timedOut ? 'timeout' : 'engine_unreachable', retryable: true, cause: error },
  );
}
