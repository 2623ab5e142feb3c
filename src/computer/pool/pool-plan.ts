import { z } from 'zod';
import { ConfigurationError } from '../../errors.js';
import type { ComputerRuntime } from '../computer-interface.js';

/** One machine, or one engine, of a pool. */
export interface PoolMember {
  readonly runtime: ComputerRuntime;
  /** Names it in states and events. Default: the runtime's name, numbered where it would repeat. */
  readonly name?: string | undefined;
  /** Computers it runs at once. */
  readonly capacity: number;
  /** Its share of the work while there is room everywhere. Default: its capacity. */
  readonly weight?: number | undefined;
  /** Starts it performs at once; an image pull is part of a start. Default: 2. */
  readonly starts?: number | undefined;
  /** Images it fetches at once, ahead of their use or in a start. Default: no ceiling. */
  readonly pulls?: number | undefined;
}

export interface PoolOptions {
  /** Starts at once, over all members. Default: the sum of theirs. */
  readonly starts?: number | undefined;
  /** Images being fetched at once, over all members: a registry, or the link to it, may take no more. Default: no ceiling. */
  readonly pulls?: number | undefined;
  /** Commands at once in one computer. Default: 8, since engines slow down badly beyond (moby #45595). */
  readonly commandsPerComputer?: number | undefined;
  /** Commands at once over all computers. Default: no ceiling. */
  readonly commands?: number | undefined;
  /**
   * Milliseconds a computer that starts from a snapshot waits for room on the member that has it. Then it has to be set up
   * anew, wherever there is room. Default: 30,000; a pool of one member waits as for anything else.
   */
  readonly snapshotWaitMs?: number | undefined;
  /** Starts in a row that a member may fail for reasons of its own before it is left alone. Default: 3. */
  readonly failuresBeforePause?: number | undefined;
  /** Milliseconds a failing member is left alone. Default: 60,000. */
  readonly pauseMs?: number | undefined;
}

/** What a pool works by: every option with its effective value. Plain JSON, to be printed or kept. */
export interface PoolPlan {
  readonly members: readonly {
    readonly name: string;
    readonly runtime: string;
    readonly capacity: number;
    readonly weight: number;
    readonly starts: number;
    readonly pulls: number | null;
  }[];
  readonly capacity: number;
  readonly starts: number;
  readonly pulls: number | null;
  readonly commandsPerComputer: number;
  readonly commands: number | null;
  readonly snapshotWaitMs: number;
  readonly failuresBeforePause: number;
  readonly pauseMs: number;
}

const count = z.number().int().positive();
const memberSchema = z.strictObject({
  runtime: z.custom<ComputerRuntime>(
    (value) => typeof value === 'object' && value !== null && 'start' in value,
    'not a runtime',
  ),
  name: z.string().min(1).optional(),
  capacity: count,
  weight: z.number().positive().optional(),
  starts: count.optional(),
  pulls: count.optional(),
});
const optionsSchema = z.strictObject({
  starts: count.optional(),
  pulls: count.optional(),
  commandsPerComputer: count.optional(),
  commands: count.optional(),
  snapshotWaitMs: z.number().nonnegative().optional(),
  failuresBeforePause: count.optional(),
  pauseMs: z.number().nonnegative().optional(),
});

/** @throws ConfigurationError that names every option that cannot be */
export function planPool(members: readonly PoolMember[], options: PoolOptions): PoolPlan {
  const checked = z
    .object({ members: z.array(memberSchema).min(1), options: optionsSchema })
    .safeParse({ members, options });
  if (!checked.success) {
    const problems = checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new ConfigurationError(`The pool cannot be made: ${problems.join('; ')}.`);
  }
  const planned = members.map((member, index) => ({
    name: member.name ?? nameFor(members, index),
    runtime: member.runtime.name,
    capacity: member.capacity,
    weight: member.weight ?? member.capacity,
    starts: member.starts ?? 2,
    pulls: member.pulls ?? null,
  }));
  const repeated = planned.find(
    ({ name }, index) => planned.findIndex((other) => other.name === name) !== index,
  );
  if (repeated)
    throw new ConfigurationError(
      `Two members of the pool are named ${repeated.name}. Give each a name of its own.`,
    );
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    members: planned,
    capacity: sum(planned.map(({ capacity }) => capacity)),
    starts: options.starts ?? sum(planned.map(({ starts }) => starts)),
    pulls: options.pulls ?? null,
    commandsPerComputer: options.commandsPerComputer ?? 8,
    commands: options.commands ?? null,
    snapshotWaitMs: options.snapshotWaitMs ?? 30_000,
    failuresBeforePause: options.failuresBeforePause ?? 3,
    pauseMs: options.pauseMs ?? 60_000,
  };
}

function nameFor(members: readonly PoolMember[], index: number): string {
  const name = members[index]?.runtime.name ?? 'member';
  const same = members.filter((member) => member.name === undefined && member.runtime.name === name);
  return same.length > 1 ? `${name}-${index + 1}` : name;
}
