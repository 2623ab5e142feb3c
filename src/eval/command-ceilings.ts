import type { ComputerRuntime } from '../computer/computer-interface.js';
import { type PooledRuntime, pooledRuntime } from '../computer/pool/pooled-runtime.js';
import type { EvalConcurrency } from './eval-plan.js';

type Ceilings = Pick<EvalConcurrency, 'commands' | 'commandsPerComputer'>;

/**
 * Ceilings on the commands of a run, which can be changed while it runs. Without one, computers are as their runtime makes
 * them, so that a ceiling that comes later is for computers that are started from then on.
 */
export class CommandCeilings {
  readonly runtime: ComputerRuntime;
  readonly #pool: PooledRuntime;
  #ceilings: Ceilings;

  constructor(runtime: ComputerRuntime, ceilings: Ceilings) {
    this.#ceilings = ceilings;
    // Every command has to go through one place. What bounds computers is elsewhere.
    this.#pool = pooledRuntime([{ runtime, capacity: unbounded, starts: unbounded }], finite(ceilings));
    this.runtime = {
      name: runtime.name,
      inner: runtime,
      start: (request, options) => (this.#hasCeiling() ? this.#pool : runtime).start(request, options),
    };
  }

  set(ceilings: Ceilings): void {
    this.#ceilings = ceilings;
    this.#pool.setCeilings(finite(ceilings));
  }

  #hasCeiling(): boolean {
    const { commands, commandsPerComputer } = this.#ceilings;
    return commands !== Infinity || commandsPerComputer !== Infinity;
  }
}

const unbounded = Number.MAX_SAFE_INTEGER;

/** A pool has a ceiling of its own where it is given none. */
function finite({ commands, commandsPerComputer }: Ceilings): Ceilings {
  return {
    commands: Math.min(commands, unbounded),
    commandsPerComputer: Math.min(commandsPerComputer, unbounded),
  };
}
