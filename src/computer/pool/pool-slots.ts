import { ConfigurationError } from '../../errors.js';
import type { CallOptions } from '../computer-interface.js';
import { Deadline } from '../deadline.js';
import type { PoolPlan } from './pool-plan.js';

export interface MemberState {
  readonly name: string;
  readonly running: number;
  readonly capacity: number;
  readonly state: 'working' | 'paused' | 'draining';
}

/** A place for one computer on one member. */
export interface Slot {
  readonly member: string;
  /** Whether the member has failed others in the meantime, and is left alone. */
  isPaused(): boolean;
  succeeded(): void;
  /** The member could not serve it, for a reason of its own. */
  failed(): void;
  /** Idempotent. */
  release(): void;
}

interface Member {
  readonly name: string;
  readonly capacity: number;
  readonly weight: number;
  running: number;
  failures: number;
  draining: boolean;
  pausedUntil: number;
  emptied: (() => void)[];
}

interface Waiting {
  readonly askedAt: number;
  /** Members that could not serve this request. */
  readonly avoided: ReadonlySet<string>;
  serve(member: Member): void;
}

/** Who works where, and who waits. */
export class PoolSlots {
  readonly #members: Member[];
  readonly #plan: PoolPlan;
  readonly #waiting: Waiting[] = [];
  #wakeUp: ReturnType<typeof setTimeout> | undefined;

  constructor(plan: PoolPlan) {
    this.#plan = plan;
    this.#members = plan.members.map(({ name, capacity, weight }) => ({
      name,
      capacity,
      weight,
      running: 0,
      failures: 0,
      draining: false,
      pausedUntil: 0,
      emptied: [],
    }));
  }

  state() {
    const now = performance.now();
    const members = this.#members.map(({ name, running, capacity, draining, pausedUntil }): MemberState => {
      return {
        name,
        running,
        capacity,
        state: draining ? 'draining' : pausedUntil > now ? 'paused' : 'working',
      };
    });
    return { members, waiting: this.#waiting.length };
  }

  /**
   * The next free place on a member that is not avoided, in the order of `askedAt`: of the first time of asking, by
   * `performance.now()`.
   * @throws CallTimeoutError, CallAbortedError
   */
  async take(options: CallOptions, askedAt: number, avoided: ReadonlySet<string>): Promise<Slot> {
    const deadline = new Deadline(options);
    try {
      deadline.check(waitingForAPlace);
      return await new Promise<Slot>((resolve, reject) => {
        const giveUp = () => {
          // At once: a place that comes free in this very tick would be given to nobody.
          this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
          reject(deadline.error(waitingForAPlace));
        };
        const waiting: Waiting = {
          askedAt,
          avoided,
          serve: (member) => {
            deadline.signal.removeEventListener('abort', giveUp);
            resolve(this.#occupy(member));
          },
        };
        deadline.signal.addEventListener('abort', giveUp, { once: true });
        const behind = this.#waiting.findIndex((other) => other.askedAt > askedAt);
        this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, waiting);
        this.#serve();
      });
    } finally {
      deadline[Symbol.dispose]();
    }
  }

  async drain(name: string): Promise<void> {
    const member = this.#member(name);
    member.draining = true;
    if (member.running > 0) await new Promise<void>((resolve) => member.emptied.push(resolve));
  }

  resume(name: string): void {
    Object.assign(this.#member(name), { draining: false, pausedUntil: 0, failures: 0 });
    this.#serve();
  }

  #member(name: string): Member {
    const member = this.#members.find((candidate) => candidate.name === name);
    if (member !== undefined) return member;
    throw new ConfigurationError(
      `The pool has no member ${name}; it has ${this.#members.map((one) => one.name).join(', ')}.`,
    );
  }

  /** The member with the most room for its weight. */
  #best(avoided: ReadonlySet<string>): Member | undefined {
    const now = performance.now();
    return this.#members
      .filter(({ name, running, capacity, draining, pausedUntil }) => {
        return running < capacity && !draining && pausedUntil <= now && !avoided.has(name);
      })
      .sort((one, other) => (one.running + 1) / one.weight - (other.running + 1) / other.weight)[0];
  }

  #occupy(member: Member): Slot {
    member.running++;
    let released = false;
    return {
      member: member.name,
      isPaused: () => member.pausedUntil > performance.now(),
      succeeded: () => {
        member.failures = 0;
      },
      failed: () => {
        if (++member.failures < this.#plan.failuresBeforePause) return;
        member.pausedUntil = performance.now() + this.#plan.pauseMs;
      },
      release: () => {
        if (released) return;
        released = true;
        if (--member.running === 0) for (const tell of member.emptied.splice(0)) tell();
        this.#serve();
      },
    };
  }

  #serve(): void {
    for (const waiting of [...this.#waiting]) {
      const member = this.#best(waiting.avoided);
      if (member === undefined) continue;
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.serve(member);
    }
    this.#wakeWhenPauseEnds();
  }

  /** Nobody releases a place on a member that is paused and empty, so its end has to be waited for. */
  #wakeWhenPauseEnds(): void {
    clearTimeout(this.#wakeUp);
    const now = performance.now();
    const ends = this.#members
      .filter(({ pausedUntil }) => pausedUntil > now)
      .map(({ pausedUntil }) => pausedUntil);
    if (this.#waiting.length === 0 || ends.length === 0) return;
    this.#wakeUp = setTimeout(() => this.#serve(), Math.ceil(Math.min(...ends) - now) + 1);
  }
}

const waitingForAPlace = 'Waiting for a place in the pool';
