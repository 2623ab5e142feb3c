/** 0 basic, 1 control, 2 hard, 3 lifecycle, 4 network. A computer that passes 0 and 1 runs the benchmark. */
export type ConformanceLevel = 0 | 1 | 2 | 3 | 4;

/** What a case is about, and the first part of its id. */
export type ConformanceFamily =
  | 'commands'
  | 'text'
  | 'surroundings'
  | 'shells'
  | 'upload'
  | 'download'
  | 'cleanup'
  | 'deadlines'
  | 'kill'
  | 'stdin'
  | 'users'
  | 'output'
  | 'background'
  | 'self-harm'
  | 'load'
  | 'trees'
  | 'limits'
  | 'snapshots'
  | 'faults'
  | 'harness'
  | 'network';

/**
 * What a case needs beyond the five methods. The first three are declared by the computer's own `capabilities`,
 * `snapshot` and `networkPolicy` by having the method, the last ones by options that say what to break or to use, and the others by `capabilities` of the suite.
 */
export type ConformanceRequirement =
  | 'streamsOutput'
  | 'switchesUser'
  | 'boundsOutput'
  | 'snapshot'
  | 'networkPolicy'
  | keyof ConformanceCapabilities
  | 'otherUser'
  | 'smallFolder'
  | 'killMachine'
  | 'restartMachine'
  | 'cutLink'
  | 'harness'
  | 'sweep'
  | 'network';

/** What the suite may count on. Each can be left out; a case that needs what is not there is skipped, with the reason. */
export interface ConformanceCapabilities {
  /** A command can run while another one does. Default: true. */
  readonly concurrentCommands: boolean;
  /** The machine has `/proc` and `setsid`, so that processes can be found and can hide. Default: true. */
  readonly processes: boolean;
  /** Command texts above the 128 KiB that Linux allows one argument. Default: true. */
  readonly longCommands: boolean;
  /** The machine has `tar`, or the computer moves trees itself. Default: true. */
  readonly trees: boolean;
  /** Each computer is a machine of its own, so that a case may try to wreck it. Default: false. */
  readonly disposable: boolean;
  /** A durable command is found again after a lost link, with all its output. Default: false. */
  readonly survivesLostLinks: boolean;
  /** `create` applies `memoryBytes`, and results tell of memory kills. Default: false. */
  readonly limitsMemory: boolean;
  /** `create` applies `processes`. Default: false. */
  readonly limitsProcesses: boolean;
}

/** What a test runner's own context offers of this is used: the contexts of vitest and of `node:test` fit. */
export interface ConformanceRunContext {
  readonly signal?: AbortSignal | undefined;
  /** Called with the reason when the computer lacks what the case needs. */
  readonly skip?: ((reason: string) => unknown) | undefined;
}

export type ConformanceOutcome =
  | { readonly outcome: 'passed' }
  | { readonly outcome: 'skipped'; readonly reason: string };

export interface ConformanceCase {
  /** Family and name, such as `kill/detached-processes`. Stable. */
  readonly id: string;
  readonly family: ConformanceFamily;
  readonly level: ConformanceLevel;
  /** What must hold, as a sentence. */
  readonly title: string;
  readonly requires: readonly ConformanceRequirement[];
  /**
   * Milliseconds after which the case fails by itself. Making and giving back its computer come on top, with limits of
   * their own; give the test runner some time more.
   */
  readonly timeoutMs: number;
  /**
   * Runs the case on a computer, looks at its events and for leftovers, and gives back what it used.
   * @throws ConformanceFailure, or whatever the computer threw where it should not have
   */
  readonly run: (context?: ConformanceRunContext) => Promise<ConformanceOutcome>;
}
