import type Docker from 'dockerode';
import type { EmitEvent } from '../../events/event.js';
import type { CallOptions } from '../computer-interface.js';
import { isSweLancerError } from '../../errors.js';
import { ComputerLostError, ComputerStartError, UnsupportedOptionError } from '../errors.js';
import { ContainerLog } from './container-log.js';
import { type ContainerPlan, containerSpecification, effectiveResources } from './container-plan.js';
import { type ContainerEnd, ContainerWatch } from './container-watch.js';
import { type DockerContainer, lossOf } from './docker-container.js';
import type { DockerEngine } from './docker-engine.js';
import { runExec } from './docker-exec.js';
import { callEngine, callEngineTwice } from './engine-call.js';
import { hasStatus, isConnectionFailure, readRefusal } from './engine-error.js';

/** Milliseconds a container is watched for dying at once, such as of a program that is not there. */
const earlyDeathMs = 100;
/** Milliseconds. The end of a process inside may be told before that of the container which caused it. */
const deathTellsItselfMs = 2000;
/** Milliseconds for a shell that does nothing. */
const shellLookMs = 10_000;
/** Exit codes of a process that was sent KILL or TERM. */
const signalled: ReadonlySet<number | null> = new Set([137, 143]);

/**
 * Creates a container, keeps an eye on it and starts it. What it leaves on the engine when it fails is for the caller to
 * remove, by the plan's name. @throws ComputerStartError, UnsupportedOptionError
 */
export async function startContainer(
  { docker, isPodman, local }: DockerEngine,
  plan: ContainerPlan,
  emit: EmitEvent,
  call: CallOptions,
): Promise<DockerContainer> {
  const id = await create(docker, plan, call);
  const { Created: created, Config: configuration } = await callEngineTwice(
    (abortSignal) => docker.getContainer(id).inspect({ abortSignal }),
    call,
  );
  let watch: ContainerWatch | undefined;
  let log: ContainerLog | undefined;
  try {
    const sinceSeconds = Math.floor(Date.parse(created) / 1000);
    watch = await ContainerWatch.open({ docker, id, isLocal: local, sinceSeconds }, call);
    log = await ContainerLog.open(docker, id, call);
    emit('computer.created', { purpose: plan.request.purpose, description: `container ${plan.name}` });
    const container: DockerContainer = {
      docker,
      id,
      name: plan.name,
      imageId: plan.imageId,
      labels: plan.labels,
      watch,
      log,
      isPodman,
      // A name or a number, perhaps with a group.
      runsAsRoot: /^(?:0|root)?(?::.*)?$/.test(configuration.User),
      isLocal: local,
    };
    await start(container, plan, call);
    return container;
  } catch (error) {
    watch?.close();
    log?.close();
    throw error;
  }
}

async function create(docker: Docker, plan: ContainerPlan, call: CallOptions): Promise<string> {
  const name = plan.name;
  try {
    call.signal?.throwIfAborted();
    // Not interrupted: an engine that is left alone with this call creates the container after we have cleaned up.
    const created = await callEngine(async () => await docker.createContainer(containerSpecification(plan)));
    const info = await callEngineTwice(
      (abortSignal) => docker.getContainer(created.id).inspect({ abortSignal }),
      call,
    );
    rejectIgnoredLimits(plan, info);
    return created.id;
  } catch (error) {
    call.signal?.throwIfAborted();
    // The name is ours alone, so a lost answer is resolved by a look instead of a second container.
    if (isConnectionFailure(error)) {
      const found = await callEngineTwice(
        (abortSignal) => docker.getContainer(name).inspect({ abortSignal }),
        call,
      );
      return found.Id;
    }
    throw error instanceof UnsupportedOptionError ? error : refusal(plan, error);
  }
}

/** The engine warns and goes on without a limit that its kernel lacks. */
function rejectIgnoredLimits(
  plan: ContainerPlan,
  { HostConfig: applied }: Docker.ContainerInspectInfo,
): void {
  const wanted = effectiveResources(plan.request, plan.options);
  const ignored = [
    wanted.memoryBytes !== undefined && applied.Memory !== wanted.memoryBytes && 'memoryBytes',
    wanted.processes !== undefined && applied.PidsLimit !== wanted.processes && 'processes',
    wanted.cpus !== undefined && applied.NanoCpus !== Math.round(wanted.cpus * 1e9) && 'cpus',
    wanted.sharedMemoryBytes !== undefined &&
      applied.ShmSize !== wanted.sharedMemoryBytes &&
      'sharedMemoryBytes',
  ].find((name) => name !== false);
  if (ignored === undefined) return;
  throw new UnsupportedOptionError(
    `The Docker engine did not apply resources.${ignored}: its kernel lacks that control. Leave it out, or enable it there.`,
    { option: `resources.${ignored}`, computerId: plan.name },
  );
}

async function start(container: DockerContainer, plan: ContainerPlan, call: CallOptions): Promise<void> {
  try {
    await callEngine(
      (abortSignal) => container.docker.getContainer(container.id).start({ abortSignal }),
      call,
    );
  } catch (error) {
    call.signal?.throwIfAborted();
    // 304, or an answer lost on its way from an engine that did start it.
    const state = isConnectionFailure(error) || hasStatus(error, 304);
    if (!state) throw refusal(plan, error);
    const { State: now } = await callEngineTwice(
      (abortSignal) => container.docker.getContainer(container.id).inspect({ abortSignal }),
      call,
    );
    if (!now.Running) throw refusal(plan, error);
  }
  const end = await container.watch.endWithin(earlyDeathMs);
  if (end !== undefined) throw await diedEarly(container, end);
}

/** What to throw when the first calls after the start fail: that the container has died or has no shell, if that is behind it. */
export async function earlyFailure(container: DockerContainer, error: unknown): Promise<unknown> {
  if (isSweLancerError(error) && !(error instanceof ComputerLostError)) return error;
  await container.watch.verify();
  const end = await container.watch.endWithin(deathTellsItselfMs);
  if (end !== undefined) return end.reason === 'connection' ? error : await diedEarly(container, end, error);
  return (await hasShell(container)) ? error : noShell(container, error);
}

/** Unless the engine says that there is none: it may have other reasons not to start one. */
async function hasShell(container: DockerContainer): Promise<boolean> {
  const isMissing = (words: string) => /executable file not found|no such file or directory/i.test(words);
  try {
    const { stdout } = await runExec(container, ['sh', '-c', ':'], { timeoutMs: shellLookMs });
    return !isMissing(stdout);
  } catch (error) {
    return !isMissing(readRefusal(error).message);
  }
}

function noShell({ name, imageId }: DockerContainer, cause: unknown): ComputerStartError {
  return new ComputerStartError(
    `The computer cannot run commands: its image (${imageId}) has no \`sh\` in the PATH that starts. Commands are given to one.`,
    { reason: 'other', computerId: name, cause, retryable: false },
  );
}

async function diedEarly(
  container: DockerContainer,
  end: ContainerEnd,
  cause?: unknown,
): Promise<ComputerStartError> {
  const loss = await lossOf(container, end, cause);
  return new ComputerStartError(`The computer died while it started. ${loss.message}`, {
    reason: 'died',
    lastLogLines: loss.lastLogLines,
    computerId: loss.computerId,
    // An image that ends by itself does so again; what was killed or removed by somebody need not be.
    retryable: end.reason === 'removed' || (end.reason === 'ended' && signalled.has(end.exitCode)),
    cause: loss,
  });
}

function refusal(plan: ContainerPlan, error: unknown): ComputerStartError {
  return new ComputerStartError(
    `The Docker engine refused to start a computer from ${plan.request.image}: ${readRefusal(error).message}`,
    { reason: 'other', computerId: plan.name, retryable: isConnectionFailure(error), cause: error },
  );
}
