import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { type EventScope, observe } from '../events/event-scope.js';
import type { Redactor } from '../redaction.js';
import { uniqueIds } from '../unique-ids.js';
import type { CallOptions, ComputerCapabilities, ComputerInterface } from './computer-interface.js';
import { Deadline } from './deadline.js';
import { Ending } from './ending.js';
import { ComputerLostError } from './errors.js';
import { redactError } from './redact-error.js';

/** One look at a computer. All views of it share the core and differ in where their events go and what they may do. */
export interface ComputerView {
  readonly core: ComputerCore;
  readonly scope: EventScope;
  /** Whether `cleanup()` gives the computer back. */
  readonly owned: boolean;
  /** Whether an agent holds it, who may not change what the computer can reach. */
  readonly agent: boolean;
  /** Each of them ends this view and what was started through it. */
  readonly until: readonly AbortSignal[];
}

/** The state that all views of one computer share. Kept in private fields only, since agents hold views. */
export class ComputerCore {
  readonly implementation: ComputerInterface;
  readonly redactor: Redactor;
  readonly id: string;
  readonly root: string;
  readonly capabilities: ComputerCapabilities;
  /** Ids for its commands. */
  readonly newCommandId = uniqueIds();
  /** The beginning of the marker of every command that the facade supervises here. */
  readonly markerPrefix = `facade-${randomUUID()}`;
  /** Ends when the computer has been given back. */
  readonly gone = new Ending();
  /** Each ends a durable command, which would outlive the link that a cleanup gives back. With what to tell of it. */
  readonly beforeCleanup = new Set<(reason: Error) => Promise<void>>();
  #closed = false;
  #lossTold = false;
  #keepsNothing = false;
  #cleanup: Promise<void> | undefined;

  constructor(implementation: ComputerInterface, redactor: Redactor) {
    this.implementation = implementation;
    this.redactor = redactor;
    this.id = implementation.id ?? randomUUID();
    this.root = implementation.root ?? '';
    const { killsProcessTree, streamsOutput, switchesUser, choosesShell, survivesLostLinks, boundsOutput } =
      implementation.capabilities ?? {};
    this.capabilities = {
      killsProcessTree: killsProcessTree ?? false,
      streamsOutput: streamsOutput ?? false,
      switchesUser: switchesUser ?? false,
      choosesShell: choosesShell ?? false,
      survivesLostLinks: survivesLostLinks ?? false,
      boundsOutput: boundsOutput ?? false,
    };
  }

  /** @throws ComputerLostError after cleanup */
  assertOpen(): void {
    if (this.#closed) throw this.#cleanedUp(false);
  }

  /** Makes one call to the implementation: guarded, within its deadline, with a redacted error. */
  async call<T>(
    view: ComputerView,
    what: string,
    options: CallOptions,
    work: (options: CallOptions) => Promise<T>,
  ): Promise<T> {
    const deadline = new Deadline(options, ...view.until).endingWith(this.gone);
    try {
      this.assertOpen();
      deadline.check(what);
      return await deadline.race(
        attempt(() => work({ signal: deadline.signal, timeoutMs: options.timeoutMs })),
        what,
      );
    } catch (error) {
      throw this.seen(error, view.scope);
    } finally {
      deadline[Symbol.dispose]();
    }
  }

  /** Prepares an error for the caller, and tells of a lost computer once. */
  seen(error: unknown, scope: EventScope): Error {
    const clean = errorOf(redactError(error, this.redactor));
    if (clean instanceof ComputerLostError && clean.reason !== 'cleaned_up' && !this.#lossTold) {
      this.#lossTold = true;
      scope.emit('computer.lost', { error: clean.toJSON() });
    }
    return clean;
  }

  /** Whether it has been found that commands cannot be kept inside here. */
  get keepsNothing(): boolean {
    return this.#keepsNothing;
  }

  /** Tells once that commands which were to survive a lost link do not. `why` ends a sentence. */
  lacksDurability(scope: EventScope, why: string): void {
    if (this.#keepsNothing) return;
    this.#keepsNothing = true;
    this.degraded(
      scope,
      `Computer ${this.id} cannot keep commands until they are collected, ${why}: commands with durable: true run as ordinary ones, and are lost with their link.`,
    );
  }

  /** Tells what could not be done as asked. */
  degraded(scope: EventScope, reason: string): void {
    scope.emit('computer.degraded', { reason });
  }

  /** Calls at the same time share one attempt. After a failure the next call tries again. */
  async cleanup(scope: EventScope, options: CallOptions): Promise<void> {
    this.#closed = true;
    this.#cleanup ??= this.#giveBack(scope, options).catch((error: unknown) => {
      this.#cleanup = undefined;
      throw error;
    });
    await this.#cleanup;
  }

  async #giveBack(scope: EventScope, options: CallOptions): Promise<void> {
    await observe(
      scope,
      {
        start: ['computer.cleanup.started', {}],
        finished: (_, durationMs) => ['computer.cleanup.finished', { durationMs }],
        failed: (error, durationMs) => ['computer.cleanup.failed', { durationMs, error }],
      },
      async () => {
        const deadline = new Deadline(options);
        try {
          const ends = [...this.beforeCleanup].map(async (end) => end(this.#cleanedUp(true)));
          // Each bounds itself. What it could not do must not keep the machine.
          await deadline.whileOpen(Promise.allSettled(ends));
          await deadline.race(
            attempt(() =>
              this.implementation.cleanup({ signal: deadline.signal, timeoutMs: options.timeoutMs }),
            ),
            `The cleanup of computer ${this.id}`,
          );
        } catch (error) {
          throw redactError(error, this.redactor);
        } finally {
          deadline[Symbol.dispose]();
          this.gone.end(() => this.#cleanedUp(true));
        }
      },
    );
  }

  #cleanedUp(commandMayBeRunning: boolean): ComputerLostError {
    return new ComputerLostError(
      `Computer ${this.id} has been cleaned up. Start another one, or clean up later.`,
      { reason: 'cleaned_up', computerId: this.id, commandMayBeRunning },
    );
  }
}

/** Implementations throw strings and plain objects too; whoever catches counts on an error. */
function errorOf(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Error(`The computer threw ${typeof thrown === 'string' ? thrown : inspect(thrown)}`, {
    cause: thrown,
  });
}

/** Turns a synchronous throw of somebody else's function into a rejection. */
export async function attempt<T>(work: () => Promise<T>): Promise<T> {
  return work();
}
