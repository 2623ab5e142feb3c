import type {
  ComputerInterface,
  ComputerRequest,
  ComputerRuntime,
  ResourceLimits,
} from '../../computer/computer-interface.js';
import type { ConformanceOptions, CreateComputer } from './conformance-options.js';

/** Milliseconds for making or giving back one computer. */
const lifecycleTimeoutMs = 300_000;

/** The computers of a suite: one that the cases share, and one for each case that wants its own. */
export class ComputerSupply implements AsyncDisposable {
  readonly #create: CreateComputer;
  readonly #options: ConformanceOptions;
  #shared: Promise<ComputerInterface> | undefined;

  constructor(create: CreateComputer, options: ConformanceOptions) {
    this.#create = create;
    this.#options = options;
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
    await (await shared)?.cleanup({ timeoutMs: lifecycleTimeoutMs });
  }

  async fresh(wanted: ResourceLimits): Promise<ComputerInterface> {
    if (typeof this.#create === 'function') return this.#create(wanted);
    const resources = { ...this.#options.request?.resources, ...wanted };
    return this.#start(this.#create, Object.keys(wanted).length > 0 ? { resources } : {});
  }

  /** Undefined where nobody said how. */
  async startFrom(image: string): Promise<ComputerInterface | undefined> {
    if (this.#options.startFrom !== undefined) return this.#options.startFrom(image);
    return typeof this.#create === 'function' ? undefined : this.#start(this.#create, { image });
  }

  async #start(runtime: ComputerRuntime, wanted: Partial<ComputerRequest>): Promise<ComputerInterface> {
    return runtime.start(
      {
        purpose: 'agent',
        image: 'none',
        environment: {},
        workingDirectory: '/tmp',
        ...this.#options.request,
        ...wanted,
      },
      { emit: () => undefined, timeoutMs: lifecycleTimeoutMs },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.replaceShared();
  }
}
