import type {
  ComputerInterface,
  ComputerRequest,
  ComputerRuntime,
  ResourceLimits,
} from '../../computer/computer-interface.js';
import type { ConformanceCapabilities } from './conformance-case.js';

/**
 * Makes a computer for cases: a runtime, or a function. `wanted` is not empty only for cases of a `limits…` capability
 * and of `smallFolder`. Whatever it gives is cleaned up by the suite.
 */
export type CreateComputer = ComputerRuntime | ((wanted: ResourceLimits) => Promise<ComputerInterface>);

export interface ConformanceOptions {
  readonly capabilities?: Partial<ConformanceCapabilities> | undefined;
  /** For a runtime: what to ask it for. Default: no image, no environment, `/tmp`. */
  readonly request?: Partial<ComputerRequest> | undefined;
  /** Folder on the computer for the files of the cases, which has to be there. Default: `/tmp`, below its `root`. */
  readonly scratchFolder?: string | undefined;
  /** Name of an unprivileged user for cases that switch to one, such as `nobody`. Default: those cases are skipped. */
  readonly otherUser?: string | undefined;
  /**
   * A folder that holds 1 MiB or less, for an upload that does not fit. `wanted.sharedMemoryBytes` is 1 MiB for that case,
   * so that containers can name `/dev/shm`. Default: the case is skipped.
   */
  readonly smallFolder?: string | undefined;
  /** Starts a computer from a snapshot's image. Default: where `create` is a runtime, with `request` for that image. */
  readonly startFrom?: ((image: string) => Promise<ComputerInterface>) | undefined;
  /**
   * Milliseconds for making a computer. When the time is over, the case fails, and so do all that follow: no other one is
   * tried. What comes later is cleaned up. Default: 300,000.
   */
  readonly startTimeoutMs?: number | undefined;
  /** Milliseconds for the cleanup of a computer, after which it is not waited for any more. Default: 120,000. */
  readonly cleanupTimeoutMs?: number | undefined;
  readonly faults?: ConformanceFaults | undefined;
  readonly network?: ConformanceNetwork | undefined;
  /** For computers that are gone when their harness is. */
  readonly harness?: ConformanceHarness | undefined;
}

/** A harness in a process of its own, which the suite kills. */
export interface ConformanceHarness {
  /** A program and its arguments. It starts a computer, prints its id as its first line, and waits to be killed. */
  readonly argv: readonly string[];
  /** What is left of a computer, each by a name: containers, networks, processes, files. */
  readonly findLeftovers: (computerId: string) => Promise<readonly string[]>;
  /** Milliseconds after the death of a harness until nothing is left. Default: 30,000, for machines that are busy. */
  readonly withinMs?: number | undefined;
  /** `argv` is as above, for a harness whose computer outlives it; `run` removes what is left of the dead ones. */
  readonly sweep?: { readonly argv: readonly string[]; readonly run: () => Promise<void> } | undefined;
}

/** How to break the machine behind a computer. Cases whose hook is missing are skipped. */
export interface ConformanceFaults {
  /** Ends the machine at once, as a power cut does. */
  readonly killMachine?: ((computer: ComputerInterface) => Promise<void>) | undefined;
  /** Ends the machine, or what runs it, and starts it again. Resolves when it can be reached. */
  readonly restartMachine?: ((computer: ComputerInterface) => Promise<void>) | undefined;
  /** Makes the link to the computer go silent or break. */
  readonly cutLink?: ((computer: ComputerInterface) => Promise<void>) | undefined;
  /** Makes links to it possible again. */
  readonly restoreLink?: ((computer: ComputerInterface) => Promise<void>) | undefined;
}

/** For computers that can be cut off. */
export interface ConformanceNetwork {
  /** A shell command that exits with 0 when the outside answers and otherwise within 2 seconds, such as `nc -z -w 2 10.0.0.1 80`. */
  readonly probe: string;
  /**
   * More of the same, by what they reach, such as `the gateway`. Each must be out of reach after the cut, whether or not
   * it answered before. Default: an IPv4 address, an IPv6 address and a name outside.
   */
  readonly moreProbes?: Readonly<Record<string, string>> | undefined;
  /** Cuts the computer off. Default: its own `setNetworkPolicy('cut')`. */
  readonly cut?: ((computer: ComputerInterface) => Promise<void>) | undefined;
}
