import type { Computer } from '../computer/computer.js';
import { Deadline, over } from '../computer/deadline.js';
import type { NetworkReport } from '../computer/network-policy.js';
import { isSweLancerError } from '../errors.js';
import type { EventScope } from '../events/event-scope.js';
import type { Gate } from '../gate.js';
import { isolate } from './isolate.js';
import { harnessDirectory } from './own-git.js';
import { fullSetup, type ProvisionedComputer, type ProvisionOptions, startComputer } from './provision.js';
import { waitUntilReady } from './readiness.js';
import { snapshotSetup } from './setup-snapshot.js';
import type { FirstOfSetup, SetupRole, UserOfSetup } from './shared-setups.js';
import type { StartingPoint } from './starting-point.js';

/** A computer that is set up and cut off. */
export interface ReadyComputer extends ProvisionedComputer {
  readonly network: NetworkReport | undefined;
}

export interface ReadyComputerOptions {
  readonly provision: ProvisionOptions;
  readonly readyTimeoutMs: number;
  /** Hosts it still reaches when it is cut off. */
  readonly allow?: readonly string[] | undefined;
  /** Runs a piece of the work, in a phase of its own where there are phases. Default: as part of the caller's. */
  readonly step?: ReadyStep | undefined;
  /** Gives a computer back that did not get ready. Default: its cleanup. */
  readonly discard?: ((computer: Computer) => Promise<void>) | undefined;
}

/** `deadline` is the one to work under; undefined for work with a limit of its own. */
export type ReadyStep = <T>(
  phase: 'start' | 'ready',
  deadline: 'startMs' | 'readyMs' | undefined,
  work: (events: EventScope, signal: AbortSignal) => Promise<T>,
) => Promise<T>;

/** Milliseconds. A snapshot copies what the set-up has written, which may be gigabytes. Our choice. */
const snapshotTimeoutMs = 600_000;
/** Milliseconds. From a snapshot only services have to be started, which upstream's take 40 s for. Our choice. */
const servicesTimeoutMs = 300_000;

/** Starts a computer for a task, from a shared set-up where there is one. The caller disposes of it. */
export async function startReadyComputer(options: ReadyComputerOptions): Promise<ReadyComputer> {
  const { task, runtime, setups, timeoutMs, events, signal, startGate = open } = options.provision;
  const full = fullSetup(options.provision);
  const wanted = { task, runtime, start: full, layout: options.provision.options.layout };
  const join = (): SetupRole => setups?.join(wanted) ?? { kind: 'alone' };
  let mayWaitMs = timeoutMs + options.readyTimeoutMs + snapshotTimeoutMs;
  for (;;) {
    const outcome = await startGate(async () => {
      const role: SetupRole = mayWaitMs > 0 ? join() : { kind: 'alone' };
      return role.kind === 'waiting' ? role : await startAs(role, options, full);
    }, signal);
    if (!('kind' in outcome)) return outcome;
    const since = performance.now();
    // Out of the line: a place in it would be held for nothing.
    if (await waitedFor(outcome.over, mayWaitMs, options)) mayWaitMs -= performance.now() - since;
    else mayWaitMs = 0;
    if (mayWaitMs > 0) continue;
    events.emit('computer.degraded', {
      reason: 'It is set up by itself: the set-up that it was to share took too long.',
    });
  }
}

const open: Gate = (work) => work();

async function startAs(
  role: Exclude<SetupRole, { kind: 'waiting' }>,
  options: ReadyComputerOptions,
  full: StartingPoint,
): Promise<ReadyComputer> {
  switch (role.kind) {
    case 'alone':
      return await setUp(options, full);
    case 'first':
      return await setUpFirst(options, full, role);
    case 'user':
      return await startFromSnapshot(options, full, role);
  }
}

/** Whether it came in that many milliseconds. */
async function waitedFor(
  set: Promise<void>,
  timeoutMs: number,
  options: ReadyComputerOptions,
): Promise<boolean> {
  return await stepOf(options)('start', undefined, async (_, signal) => {
    using deadline = new Deadline({ signal, timeoutMs });
    const ended = await deadline.whileOpen(set);
    signal.throwIfAborted();
    return ended !== over;
  });
}

async function setUpFirst(
  options: ReadyComputerOptions,
  full: StartingPoint,
  role: FirstOfSetup,
): Promise<ReadyComputer> {
  using first = role;
  const facts = { shared: true };
  const ready = await setUp(options, full, {
    onStart: async ({ computer, layout }) => {
      facts.shared = await setsItselfUp(computer, layout.setupVariable);
      if (!facts.shared) first.refuse();
    },
  });
  if (!facts.shared) return ready;
  const { layout } = ready;
  try {
    await stepOf(options)('ready', undefined, async (events, signal) => {
      const computer = ready.computer.within(events);
      const outcome = await snapshotSetup(computer, layout, { signal, timeoutMs: snapshotTimeoutMs });
      if (outcome.taken !== undefined) {
        await first.keep(outcome.taken, { ...full.environment, [layout.setupVariable]: '' });
        return;
      }
      first.refuse();
      events.emit('computer.degraded', { reason: `Its set-up is not shared: ${messageOf(outcome.failed)}` });
    });
    return ready;
  } catch (error) {
    await discard(options, ready.computer);
    throw error;
  }
}

async function startFromSnapshot(
  options: ReadyComputerOptions,
  full: StartingPoint,
  role: UserOfSetup,
): Promise<ReadyComputer> {
  const { events, signal } = options.provision;
  const facts = { ready: false };
  const onReady = () => {
    facts.ready = true;
  };
  try {
    await using user = role;
    return await setUp(options, user.start, { onReady });
  } catch (error) {
    if (facts.ready || signal.aborted) throw error;
    // The set-up is as good as before, where its machine has room.
    if (!isBusy(error)) await role.reject();
    events.emit('computer.degraded', {
      reason: `It is set up by itself: one that started from ${role.start.image} did not get ready. ${messageOf(error)}`,
    });
  }
  return await setUp(options, full);
}

function isBusy(error: unknown): boolean {
  return (
    isSweLancerError(error) && error.code === 'computer_start' && 'reason' in error && error.reason === 'busy'
  );
}

interface SetupHooks {
  readonly onStart?: (provisioned: ProvisionedComputer) => Promise<void>;
  readonly onReady?: () => void;
}

async function setUp(
  options: ReadyComputerOptions,
  start: StartingPoint,
  { onStart, onReady }: SetupHooks = {},
): Promise<ReadyComputer> {
  const { provision, readyTimeoutMs, allow } = options;
  const step = stepOf(options);
  const provisioned = await step('start', 'startMs', async (events, signal) =>
    startComputer({ ...provision, events, signal }, start),
  );
  const { computer, layout } = provisioned;
  try {
    const network = await step('ready', 'readyMs', async (events, signal) => {
      const here = computer.within(events);
      await onStart?.({ computer: here, layout });
      const timeoutMs = start.setup === 'full' ? readyTimeoutMs : Math.min(readyTimeoutMs, servicesTimeoutMs);
      await waitUntilReady(here, provision.task, layout, { signal, timeoutMs });
      onReady?.();
      const degraded = (reason: string) => events.emit('computer.degraded', { reason });
      return isolate(here, provision.options.network, { signal, allow, degraded });
    });
    provision.onSetup?.(start.setup);
    return { computer, layout, network };
  } catch (error) {
    await discard(options, computer);
    throw error;
  }
}

/** Whether there is anything to share: set-up that the image was built with is in the image. */
async function setsItselfUp(computer: Computer, variable: string): Promise<boolean> {
  if (!computer.canSnapshot) return false;
  try {
    const { exitCode } = await computer.sendShellCommand(`[ -n "$${variable}" ]`, {
      timeoutMs: 30_000,
      cwd: harnessDirectory,
      label: 'look whether it sets itself up',
    });
    return exitCode === 0;
  } catch {
    // What ails it shows when it is waited for.
    return false;
  }
}

function stepOf({ provision: { events, signal }, step }: ReadyComputerOptions): ReadyStep {
  return step ?? (async (_phase, _deadline, work) => work(events, signal));
}

async function discard({ discard: giveBack }: ReadyComputerOptions, computer: Computer): Promise<void> {
  await (giveBack === undefined ? computer.cleanup() : giveBack(computer));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
