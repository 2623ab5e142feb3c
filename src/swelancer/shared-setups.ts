import { createHash } from 'node:crypto';
import type { ComputerRuntime, ComputerSnapshot } from '../computer/computer-interface.js';
import type { TaskVariant } from '../dataset/task.js';
import { ConfigurationError } from '../errors.js';
import { type Environment, revealEnvironment } from '../redaction.js';
import { madeUpVariables } from './environment.js';
import { type LayoutFactory, layoutFacts, officialLayout } from './layout.js';
import type { StartingPoint } from './starting-point.js';

/**
 * Set-ups that are gone through once: the first computer of a task is set up and copied when it is ready, before any
 * agent is let in, and the others (further attempts, grading, the user tool) start from the copy. Give the same one to
 * every `runTask` that is to share; disposing of it removes all copies, and rejects where one stays. Where a runtime makes no snapshots, or an image
 * comes with its set-up done, nothing is shared.
 */
export interface SharedSetups extends AsyncDisposable {
  /** How the next computer of this kind is to come about. Does not wait. */
  join(wanted: WantedSetup): SetupRole;
  /**
   * For when no more attempts at a task will come, in a run: its copies go, once no computer is being started from them; or
   * they wait for the next run, where there is room. Never rejects: a copy that cannot be removed is tried again at the end.
   */
  release(taskId: string): Promise<void>;
}

export interface WantedSetup {
  readonly task: { readonly id: string; readonly variant: TaskVariant };
  readonly runtime: ComputerRuntime;
  /** What it starts from where nothing is shared. */
  readonly start: StartingPoint;
  /** Default: the official images'. */
  readonly layout?: LayoutFactory | undefined;
}

export type SetupRole =
  /** Nothing is shared: it is set up by itself. */
  | { readonly kind: 'alone' }
  /** One is being set up: join again after `over`, which never rejects. */
  | { readonly kind: 'waiting'; readonly over: Promise<void> }
  | FirstOfSetup
  | UserOfSetup;

/** It is set up for the others too. Where it says nothing until it is disposed of, the next one is first. */
export interface FirstOfSetup extends Disposable {
  readonly kind: 'first';
  /** The others start from this. */
  keep(snapshot: ComputerSnapshot, environment: Environment): Promise<void>;
  /** There is nothing to start from, and will be nothing. */
  refuse(): void;
}

/** It starts from what the first one left. To be disposed of when it has started, or could not. */
export interface UserOfSetup extends AsyncDisposable {
  readonly kind: 'user';
  readonly start: StartingPoint;
  /** It does not work: nobody else is sent there, and it is removed. */
  reject(): Promise<void>;
}

export interface SharedSetupsOptions {
  /**
   * Tasks whose set-ups are kept after they were released, the first ones: for runs one after another in the same order. Each
   * takes the disk of what the set-up wrote, until the end. Default: 0.
   */
  readonly keep?: number | undefined;
}

/** An empty place for set-ups to be shared in. @throws ConfigurationError */
export function sharedSetups({ keep = 0 }: SharedSetupsOptions = {}): SharedSetups {
  if (!(keep >= 0)) throw new ConfigurationError(`\`keep\` is ${keep}; give a number of tasks, 0 or more.`);
  return new KeptSetups(keep);
}

interface Setup {
  readonly taskId: string;
  /** Settled when it is known whether there is anything to start from. */
  readonly over: Promise<void>;
  state: 'making' | 'kept' | 'none';
  snapshot?: ComputerSnapshot | undefined;
  start?: StartingPoint | undefined;
  /** Computers that are being started from it. */
  users: number;
  wanted: boolean;
}

class KeptSetups implements SharedSetups {
  /** By task and kind. A run has thousands of tasks, and releases one after another. */
  readonly #setups = new Map<string, Map<string, Setup>>();
  /** Those with a snapshot that has not been removed, by task. */
  readonly #kept = new Map<string, Set<Setup>>();
  readonly #runtimes = new Map<ComputerRuntime, number>();
  /** Tasks that were released and keep their set-ups. */
  readonly #lasting = new Set<string>();
  readonly #keep: number;
  #closed = false;

  constructor(keep: number) {
    this.#keep = keep;
  }

  join({ task, runtime: given, start, layout = officialLayout }: WantedSetup): SetupRole {
    // A manager's computer is ready as it is.
    if (this.#closed || task.variant === 'swe_manager') return { kind: 'alone' };
    const runtime = innermost(given);
    const number = this.#runtimes.get(runtime) ?? this.#runtimes.size;
    this.#runtimes.set(runtime, number);
    const key = `${number} ${keyOf(task, start, layout)}`;
    const setup = this.#setups.get(task.id)?.get(key);
    if (setup === undefined) return this.#first(key, task.id);
    if (setup.state === 'making') return { kind: 'waiting', over: setup.over };
    return setup.start === undefined ? { kind: 'alone' } : this.#user(setup, setup.start);
  }

  async release(taskId: string): Promise<void> {
    if (!this.#lasts(taskId)) await this.#drop([taskId]);
  }

  #lasts(taskId: string): boolean {
    if (this.#lasting.has(taskId)) return true;
    const hasAny = [...(this.#kept.get(taskId) ?? [])].some(({ start }) => start !== undefined);
    if (!hasAny || this.#lasting.size >= this.#keep) return false;
    this.#lasting.add(taskId);
    return true;
  }

  /** @throws what the first removal that failed threw */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const removals = await this.#drop(new Set([...this.#setups.keys(), ...this.#kept.keys()]));
    const failed = removals.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  #first(key: string, taskId: string): FirstOfSetup {
    let tell: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const setup: Setup = { taskId, over, state: 'making', users: 0, wanted: true };
    const ofTask = entryOf(this.#setups, taskId, () => new Map<string, Setup>());
    ofTask.set(key, setup);
    const settle = (state: 'kept' | 'none') => {
      setup.state = state;
      tell();
    };
    return {
      kind: 'first',
      keep: async (snapshot, environment) => {
        setup.snapshot = snapshot;
        setup.start = { setup: 'snapshot', image: snapshot.image, environment };
        entryOf(this.#kept, taskId, () => new Set<Setup>()).add(setup);
        settle('kept');
        await this.#removeLater(setup);
      },
      refuse: () => settle('none'),
      [Symbol.dispose]: () => {
        if (setup.state !== 'making') return;
        if (ofTask.get(key) === setup) ofTask.delete(key);
        tell();
      },
    };
  }

  #user(setup: Setup, start: StartingPoint): UserOfSetup {
    setup.users++;
    let ended = false;
    return {
      kind: 'user',
      start,
      reject: async () => {
        setup.start = undefined;
        setup.wanted = false;
        await this.#removeLater(setup);
      },
      [Symbol.asyncDispose]: async () => {
        if (ended) return;
        ended = true;
        setup.users--;
        await this.#removeLater(setup);
      },
    };
  }

  /** All of them are tried. */
  async #drop(taskIds: Iterable<string>): Promise<readonly PromiseSettledResult<void>[]> {
    const removals: Promise<void>[] = [];
    for (const taskId of taskIds) {
      for (const setup of this.#setups.get(taskId)?.values() ?? []) setup.wanted = false;
      this.#setups.delete(taskId);
      for (const setup of this.#kept.get(taskId) ?? []) removals.push(this.#remove(setup));
    }
    return await Promise.allSettled(removals);
  }

  /** For whoever has a computer to see to: what could not be removed is tried again at the end. */
  async #removeLater(setup: Setup): Promise<void> {
    await this.#remove(setup).catch(() => undefined);
  }

  async #remove(setup: Setup): Promise<void> {
    if (setup.wanted || setup.users > 0) return;
    await setup.snapshot?.remove();
    const ofTask = this.#kept.get(setup.taskId);
    ofTask?.delete(setup);
    if (ofTask?.size === 0) this.#kept.delete(setup.taskId);
  }
}

function entryOf<Entry>(entries: Map<string, Entry>, key: string, make: () => Entry): Entry {
  const found = entries.get(key) ?? make();
  entries.set(key, found);
  return found;
}

function innermost(runtime: ComputerRuntime): ComputerRuntime {
  return runtime.inner === undefined ? runtime : innermost(runtime.inner);
}

/**
 * What determines a set-up: the image, and the environment that steers it. The task is part of it, since the base commit
 * and the bug that is put in are its own; tasks with the same base commit still differ in the bug. The network is cut after
 * it, and resources are each computer's.
 */
function keyOf(
  task: WantedSetup['task'],
  { image, environment }: StartingPoint,
  layout: LayoutFactory,
): string {
  const steering = Object.entries(revealEnvironment(environment))
    .filter(([name]) => !madeUpVariables.includes(name))
    .sort(([left], [right]) => (left < right ? -1 : 1));
  // Hashed, because values may be secrets.
  return createHash('sha256')
    .update(JSON.stringify([task.id, task.variant, image, steering, layoutFacts(layout(''))]))
    .digest('hex');
}
