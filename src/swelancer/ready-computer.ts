import type { Computer } from '../computer/computer.js';
import { Deadline, over } from '../computer/deadline.js';
import type { NetworkReport } from '../computer/network-policy.js';
import { isSweLancerError } from '../errors.js';
import type { EventScope } from '../events/event-scope.js';
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
  const full = fullSetup(options.provision);
  const role = await joinSetup(options, full);
  switch (role.kind) {
    case 'alone':
      return await setUp(options, full);
    case 'first':
      return await setUpFirst(options, full, role);
    case 'user':
      return await startFromSnapshot(options, full, role);
  }
}

async function joinSetup(
  options: ReadyComputerOptions,
  start: StartingPoint,
): Promise<Exclude<SetupRole, { kind: 'waiting' }>> {
  const { task, runtime, setups, timeoutMs, events } = options.provision;
  if (setups === undefined) return { kind: 'alone' };
  const giveUpAt = performance.now() + timeoutMs + options.readyTimeoutMs + snapshotTimeoutMs;
  for (;;) {
    const role = setups.join({ task, runtime, start, layout: options.provision.options.layout });
    if (role.kind !== 'waiting') return role;
    const waited = await stepOf(options)('start', undefined, async (_, signal) => {
      using deadline = new Deadline({ signal, timeoutMs: Math.max(giveUpAt - performance.now(), 0) });
      const ended = await deadline.whileOpen(role.over);
      signal.throwIfAborted();
      return ended !== over;
    });
    if (waited) continue;
    events.emit('computer.degraded', {
      reason: 'It is set up by itself: the set-up that it was to share took too long.',
    });
    return { kind: 'alone' };
  }
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
