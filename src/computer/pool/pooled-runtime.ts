import PQueue from 'p-queue';
import { isSweLancerError, toErrorRecord } from '../../errors.js';
import type { EmitEvent } from '../../events/event.js';
import { type Gate, gateOf } from '../../gate.js';
import type {
  ComputerInterface,
  ComputerRequest,
  ComputerRuntime,
  EvictOptions,
  ImageEviction,
  StartOptions,
} from '../computer-interface.js';
import { Deadline } from '../deadline.js';
import { ComputerLostError, ComputerStartError } from '../errors.js';
import { limitedComputer } from './limited-computer.js';
import { type PoolMember, type PoolOptions, type PoolPlan, planPool } from './pool-plan.js';
import { type MemberState, PoolSlots, type Slot } from './pool-slots.js';
import { SnapshotHomes } from './snapshot-homes.js';

/** Several runtimes as one. Computers that are asked for wait in line until a member has room. */
export interface PooledRuntime extends ComputerRuntime {
  /** What it works by now. */
  readonly plan: PoolPlan;
  /** What each member does now, and how many requests wait. */
  state(): { readonly members: readonly MemberState[]; readonly waiting: number };
  /** Gives a member no more work. Resolves when its last computer is given back. */
  drain(name: string): Promise<void>;
  /** Takes a drained or paused member back. */
  resume(name: string): void;
  /** Changes the ceilings on commands. Those under way go on. @throws ConfigurationError */
  setCeilings(ceilings: Pick<PoolOptions, 'commands' | 'commandsPerComputer'>): void;
}

/**
 * Spreads computers over several machines by weight and room, first come, first served. A member whose machine does not
 * answer is left alone for a while, and the request goes to another one. So it does where nobody can tell whose fault it
 * is, such as a login that is refused: it counts against the member once another one has served the same request. Faults
 * of the request itself, such as an image that does not exist, are the caller's at once.
 */
export function pooledRuntime(members: readonly PoolMember[], options: PoolOptions = {}): PooledRuntime {
  let inForce = options;
  let plan = planPool(members, inForce);
  const slots = new PoolSlots(plan);
  const starts = gateOf(lineFor(plan.starts));
  const pulls = gateOf(lineFor(plan.pulls));
  const commands = lineFor(plan.commands);
  /** Of each computer that has not been given back. */
  const computers = new Set<PQueue>();
  const lines = new Map(
    plan.members.map(({ name, ...atOnce }, index) => [
      name,
      {
        runtime: members[index]?.runtime,
        starts: gateOf(lineFor(atOnce.starts)),
        pulls: gateOf(lineFor(atOnce.pulls)),
      },
    ]),
  );
  const snapshots = new SnapshotHomes();
  const withPulls = (own: Gate, options: StartOptions): StartOptions => ({
    ...options,
    pullGate: through([own, pulls, ...(options.pullGate === undefined ? [] : [options.pullGate])]),
  });

  const startOn = async (
    slot: Slot,
    request: ComputerRequest,
    left: () => StartOptions,
    // Nothing when the member has been paused while this one waited for its turn there.
  ): Promise<ComputerInterface | undefined> => {
    const line = lines.get(slot.member);
    if (line?.runtime === undefined) throw new Error(`The pool has no member ${slot.member}.`);
    const { runtime } = line;
    using deadline = new Deadline(left());
    const turn = { come: false };
    const begin = async () => {
      turn.come = true;
      if (slot.isPaused()) return undefined;
      return await runtime.start(request, withPulls(line.pulls, left()));
    };
    try {
      return await line.starts(() => starts(begin, deadline.signal), deadline.signal);
    } catch (error) {
      if (turn.come || deadline.cause === undefined) throw error;
      throw deadline.error(`Waiting for a turn to start on member ${slot.member} of the pool`);
    }
  };

  /** A snapshot is on one machine: there is nothing to start from on the others. */
  const takeAtHome = async (
    home: string,
    image: string,
    call: StartOptions,
    askedAt: number,
  ): Promise<Slot> => {
    const { signal, timeoutMs = Infinity } = call;
    const others = new Set(plan.members.map(({ name }) => name).filter((name) => name !== home));
    const snapshotMs = Math.max(0, Math.ceil(plan.snapshotWaitMs - (performance.now() - askedAt)));
    const waitMs = others.size === 0 ? timeoutMs : Math.min(timeoutMs, snapshotMs);
    try {
      return await slots.take({ signal, timeoutMs: waitMs }, askedAt, others);
    } catch (cause) {
      if (waitMs === timeoutMs || signal?.aborted === true) throw cause;
      throw new ComputerStartError(
        `Member ${home} of the pool, which has the snapshot ${image}, had no room for ${plan.snapshotWaitMs} ms. Start from the full image, or raise snapshotWaitMs.`,
        { reason: 'busy', retryable: true, cause },
      );
    }
  };

  return {
    name: `pool(${plan.members.map(({ name }) => name).join(', ')})`,
    get plan() {
      return plan;
    },
    state: () => slots.state(),
    drain: (name) => slots.drain(name),
    resume: (name) => slots.resume(name),
    setCeilings: (ceilings) => {
      plan = planPool(members, { ...inForce, ...ceilings });
      inForce = { ...inForce, ...ceilings };
      commands.concurrency = plan.commands ?? Infinity;
      for (const line of computers) line.concurrency = plan.commandsPerComputer;
    },
    // Nobody knows yet which machine will need it.
    ...(members.some(({ runtime }) => runtime.prefetchImage !== undefined) && {
      prefetchImage: async (image: string, options: StartOptions) => {
        const fetched = await Promise.allSettled(
          [...lines.values()].map(async ({ runtime, pulls: own }) =>
            runtime?.prefetchImage?.(image, withPulls(own, options)),
          ),
        );
        const failures = failuresOf(fetched);
        if (failures.length === members.length) throw failures[0]?.reason;
        tellFailures(
          plan,
          fetched,
          `could not fetch ${image} ahead; a start there tries again`,
          options.emit,
        );
      },
    }),
    ...(members.some(({ runtime }) => runtime.evictImage !== undefined) && {
      evictImage: async (image: string, options: EvictOptions) => {
        const asked = await Promise.allSettled(
          members.map(async ({ runtime }) => (await runtime.evictImage?.(image, options)) ?? nothingToEvict),
        );
        const failures = failuresOf(asked);
        if (failures.length === members.length) throw failures[0]?.reason;
        const answers = asked.map((each) => (each.status === 'fulfilled' ? each.value : notNow));
        return {
          removed: answers.some(({ removed }) => removed),
          mayGoLater: answers.some(({ mayGoLater }) => mayGoLater),
        };
      },
    }),
    start: async (request, startOptions) => {
      const askedAt = performance.now();
      const { timeoutMs } = startOptions;
      // One limit for the wait, the turn and every member that is tried. Whole milliseconds: errors say how many there were.
      const left = (): StartOptions =>
        timeoutMs === undefined
          ? startOptions
          : { ...startOptions, timeoutMs: Math.max(0, Math.ceil(timeoutMs - (performance.now() - askedAt))) };
      const avoided = new Set<string>();
      /** Slots whose members may or may not be at fault. */
      const suspects: Slot[] = [];
      let refusal: { readonly error: unknown } | undefined;
      const home = snapshots.memberOf(request.image);
      for (;;) {
        const taking =
          home === undefined
            ? slots.take(left(), askedAt, avoided)
            : takeAtHome(home, request.image, left(), askedAt);
        const slot = await taking.catch((error: unknown) => {
          // What a member has said tells more than that the others had no room.
          throw startOptions.signal?.aborted === true ? error : (refusal?.error ?? error);
        });
        try {
          const computer = await startOn(slot, request, left);
          if (computer === undefined) {
            slot.release();
            continue;
          }
          slot.succeeded();
          for (const suspect of suspects) suspect.failed();
          const line = lineFor(plan.commandsPerComputer);
          computers.add(line);
          return limitedComputer(computer, {
            commands,
            own: line,
            emit: startOptions.emit,
            onSnapshot: (snapshot) => snapshots.add(snapshot, slot.member),
            onGone: () => {
              computers.delete(line);
              slot.release();
            },
          });
        } catch (error) {
          const fault = faultBehind(error);
          if (fault === 'machine') slot.failed();
          if (fault === 'unknown') suspects.push(slot);
          refusal = { error };
          avoided.add(slot.member);
          slot.release();
          const isLast = home !== undefined || avoided.size === plan.members.length;
          if (fault === 'request' || isLast || startOptions.signal?.aborted) throw error;
          startOptions.emit('diagnostic', {
            message: `Member ${slot.member} of the pool could not start a computer; another one is asked.`,
            error: toErrorRecord(error),
          });
        }
      }
    },
  };
}

const nothingToEvict: ImageEviction = { removed: false, mayGoLater: false };
const notNow: ImageEviction = { removed: false, mayGoLater: true };

function lineFor(atOnce: number | null): PQueue {
  return new PQueue({ concurrency: atOnce ?? Infinity });
}

/** One gate after another, the first outermost. */
function through(gates: readonly Gate[]): Gate {
  const [first, ...rest] = gates;
  if (first === undefined) return (work) => work();
  return (work, signal) => first(() => through(rest)(work, signal), signal);
}

function failuresOf(settled: readonly PromiseSettledResult<unknown>[]): readonly PromiseRejectedResult[] {
  return settled.filter((each) => each.status === 'rejected');
}

function tellFailures(
  { members }: PoolPlan,
  settled: readonly PromiseSettledResult<unknown>[],
  what: string,
  emit: EmitEvent,
): void {
  for (const [index, each] of settled.entries()) {
    if (each.status === 'fulfilled') continue;
    const name = members[index]?.name ?? '';
    emit('diagnostic', { message: `Member ${name} of the pool ${what}.`, error: toErrorRecord(each.reason) });
  }
}

/** Whether another machine may do better. */
function faultBehind(error: unknown): 'machine' | 'request' | 'unknown' {
  if (error instanceof ComputerStartError) return startFaults[error.reason];
  // A machine that has gone silent is one that a start runs into its time limit on.
  if (error instanceof ComputerLostError) return 'machine';
  if (!isSweLancerError(error)) return 'unknown';
  if (error.code === 'image_pull' && 'reason' in error && error.reason === 'no_space') return 'machine';
  return requestFaults.has(error.code) ? 'request' : 'unknown';
}

const startFaults = {
  engine_unreachable: 'machine',
  out_of_addresses: 'machine',
  timeout: 'machine',
  died: 'request',
  busy: 'request',
  other: 'unknown',
} as const satisfies Record<ComputerStartError['reason'], string>;

const requestFaults: ReadonlySet<string> = new Set([
  'configuration',
  'unsupported_option',
  'image_pull',
  'timeout',
  'aborted',
]);
