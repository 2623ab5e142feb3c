import type {
  ComputerInterface,
  ComputerRequest,
  ComputerRuntime,
  ResourceLimits,
} from '../../computer/computer-interface.js';
import { settledWithin } from '../../computer/deadline.js';
import { ConfigurationError } from '../../errors.js';
import { ConformanceFailure } from './assertions.js';
import type { ConformanceOptions, CreateComputer } from './conformance-options.js';

const defaultStartTimeoutMs = 300_000;
const defaultCleanupTimeoutMs = 120_000;
/** What is handed on of a time limit: whoever keeps to it can still tell of it. */
const handedOn = 0.9;

/** The computers of a suite: one that the cases share, and one for each case that wants its own. */
export class ComputerSupply implements AsyncDisposable {
  readonly #create: CreateComputer;
  readonly #options: ConformanceOptions;
  readonly #startTimeoutMs: number;
  readonly #cleanupTimeoutMs: number;
  #shared: Promise<ComputerInterface> | undefined;
  #gaveNothing: ConformanceFailure | undefined;

  constructor(create: CreateComputer, options: ConformanceOptions) {
    this.#create = create;
    this.#options = options;
    this.#startTimeoutMs = options.startTimeoutMs ?? defaultStartTimeoutMs;
    this.#cleanupTimeoutMs = options.cleanupTimeoutMs ?? defaultCleanupTimeoutMs;
  }

  async shared(): Promise<ComputerInterface> {
    this.#shared ??= this.fresh({});
    try {
      return await this.#shared;
    } catch (error) {
      this.#shared = undefined;
      throw error;
    }
  }

  /** After a failure: what the failed case left must not make others fail. */
  async replaceShared(): Promise<void> {
    const shared = this.#shared;
    this.#shared = undefined;
    if (shared !== undefined) await this.giveBack(await shared);
  }

  async fresh(wanted: ResourceLimits): Promise<ComputerInterface> {
    const create = this.#create;
    if (typeof create === 'function') return this.#inTime(async () => create(wanted));
    const resources = { ...this.#options.request?.resources, ...wanted };
    return this.#start(create, Object.keys(wanted).length > 0 ? { resources } : {});
  }

  /** Undefined where nobody said how. */
  async startFrom(image: string): Promise<ComputerInterface | undefined> {
    const { startFrom } = this.#options;
    if (startFrom !== undefined) return this.#inTime(async () => startFrom(image));
    return typeof this.#create === 'function' ? undefined : this.#start(this.#create, { image });
  }

  /** @throws what the cleanup throws, or ConformanceFailure when it does not end in time */
  async giveBack(computer: Pick<ComputerInterface, 'cleanup'>): Promise<void> {
    const limitMs = this.#cleanupTimeoutMs;
    const cleanup = (async () => computer.cleanup({ timeoutMs: limitMs * handedOn }))();
    if (await settledWithin(cleanup, limitMs)) return cleanup;
    throw new ConformanceFailure(`The cleanup of a computer did not end within ${limitMs} ms.`);
  }

  async #start(runtime: ComputerRuntime, wanted: Partial<ComputerRequest>): Promise<ComputerInterface> {
    const request: ComputerRequest = {
      purpose: 'agent',
      image: 'none',
      environment: {},
      workingDirectory: '/tmp',
      ...this.#options.request,
      ...wanted,
    };
    const timeoutMs = this.#startTimeoutMs * handedOn;
    return this.#inTime(async () => runtime.start(request, { emit: () => undefined, timeoutMs }));
  }

  /** Once it took too long it is not tried again: each case would wait as long. */
  async #inTime(make: () => Promise<ComputerInterface>): Promise<ComputerInterface> {
    if (this.#gaveNothing !== undefined) throw this.#gaveNothing;
    const making = make();
    if (!(await settledWithin(making, this.#startTimeoutMs))) {
      making.then(async (late) => this.giveBack(late)).catch(() => undefined);
      const message = `No computer was made within ${this.#startTimeoutMs} ms, and no other one is tried.`;
      this.#gaveNothing = new ConformanceFailure(message);
      throw this.#gaveNothing;
    }
    // Whoever writes it without types may forget to return one.
    const made = (await making) as Partial<ComputerInterface> | undefined;
    if (typeof made?.sendShellCommand === 'function') return making;
    throw new ConfigurationError('`create` gave no computer: what it gave has no sendShellCommand.');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.replaceShared();
  }
}
