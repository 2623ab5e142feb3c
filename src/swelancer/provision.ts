import { Computer } from '../computer/computer.js';
import type {
  ComputerInterface,
  ComputerRequest,
  ComputerRuntime,
  ResourceLimits,
} from '../computer/computer-interface.js';
import { Deadline } from '../computer/deadline.js';
import { startEnded } from '../computer/start-ended.js';
import type { NetworkPolicy } from '../computer/network-policy.js';
import type { Task } from '../dataset/task.js';
import { isSweLancerError } from '../errors.js';
import type { EmitEvent } from '../events/event.js';
import type { EventScope } from '../events/event-scope.js';
import { observe } from '../events/event-scope.js';
import type { Gate } from '../gate.js';
import type { Redactor } from '../redaction.js';
import { type EnvironmentOptions, taskEnvironment } from './environment.js';
import { type ImageOptions, imageName } from './image-name.js';
import { type Layout, type LayoutFactory, officialLayout } from './layout.js';
import type { SharedSetups } from './shared-setups.js';
import type { SetupKind, StartingPoint } from './starting-point.js';

/** What a task's computers are made of. */
export interface ComputerOptions {
  readonly images?: ImageOptions | undefined;
  /** The image itself, in place of the one `images` names. */
  readonly image?: string | undefined;
  readonly environment?: EnvironmentOptions | undefined;
  readonly resources?: ResourceLimits | undefined;
  /**
   * What the computers reach once they are set up. Default: `cut`, upstream's rule, where the computer can be cut off;
   * elsewhere it keeps its network, told by a `computer.degraded` event.
   */
  readonly network?: NetworkPolicy | undefined;
  /** Hosts the agent's computer still reaches when it is cut off, such as the model's for an agent that runs inside. */
  readonly allowHosts?: readonly string[] | undefined;
  /** Default: the official images'. */
  readonly layout?: LayoutFactory | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** A started computer with its paths. */
export interface ProvisionedComputer {
  readonly computer: Computer;
  readonly layout: Layout;
}

export interface ProvisionOptions {
  readonly task: Task;
  readonly runtime: ComputerRuntime;
  readonly purpose: ComputerRequest['purpose'];
  readonly options: ComputerOptions;
  readonly events: EventScope;
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /**
   * Around each start until the computer is ready, but not around a wait for a set-up that another one makes. Default:
   * nothing is bounded.
   */
  readonly startGate?: Gate | undefined;
  /** Around each fetch of an image. Default: nothing is bounded. */
  readonly pullGate?: Gate | undefined;
  /** Where set-ups are shared with other computers. Default: every computer goes through its own. */
  readonly setups?: SharedSetups | undefined;
  /** Told once the computer is ready. */
  readonly onSetup?: ((setup: SetupKind) => void) | undefined;
}

/** The task's image, with its set-up to come. */
export function fullSetup({ task, options }: Pick<ProvisionOptions, 'task' | 'options'>): StartingPoint {
  const image = options.image ?? imageName(task, options.images);
  return { setup: 'full', image, environment: taskEnvironment(task, options.environment) };
}

/** Starts a computer for a task. Not ready yet: see `waitUntilReady`. The caller disposes of it. */
export async function startComputer(
  provision: ProvisionOptions,
  { setup, image, environment }: StartingPoint = fullSetup(provision),
): Promise<ProvisionedComputer> {
  const { task, runtime, purpose, options, events, redactor } = provision;
  const createLayout = options.layout ?? officialLayout;
  const request: ComputerRequest = {
    purpose,
    image,
    environment,
    workingDirectory: task.workingDirectory,
    resources: options.resources,
    labels: { 'swelancer.task': task.id, 'swelancer.purpose': purpose, ...options.labels },
  };
  const implementation = await observe(
    events,
    {
      start: ['computer.starting', { purpose, runtime: runtime.name, image, setup }],
      finished: (_: ComputerInterface, durationMs) => ['computer.started', { purpose, durationMs }],
      failed: (error, durationMs) => ['computer.start_failed', { purpose, durationMs, error }],
    },
    (span) => startWithin(provision, request, (type, data) => span.emit(type, data)),
  );
  const computer = Computer.from(implementation, { events, redactor });
  if (provision.signal.aborted) {
    // Nobody waits for it any more: it came after its deadline, or after the task was cancelled.
    await computer.cleanup({ timeoutMs: lateCleanupMs });
    provision.signal.throwIfAborted();
  }
  return { computer, layout: createLayout(computer.root) };
}

const lateCleanupMs = 120_000;

/** A runtime may follow the time limit, or only the signal. */
async function startWithin(
  { runtime, signal, timeoutMs, pullGate }: ProvisionOptions,
  request: ComputerRequest,
  emit: EmitEvent,
): Promise<ComputerInterface> {
  using deadline = new Deadline({ signal, timeoutMs });
  try {
    return await runtime.start(request, { signal: deadline.signal, timeoutMs, pullGate, emit });
  } catch (error) {
    // To a runtime that has a time limit of its own, our signal at the same moment is a caller who gives up.
    const isGivenUp = !isSweLancerError(error) || error.code === 'aborted';
    if (deadline.cause !== 'timeout' || !isGivenUp) throw error;
    throw startEnded(deadline, `The start of a computer by ${runtime.name}`, { timeoutMs }, error) ?? error;
  }
}
