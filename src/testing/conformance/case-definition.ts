import type { CompletedCommand } from '../../computer/completed-command.js';
import type { Computer } from '../../computer/computer.js';
import type {
  ComputerInterface,
  ResourceLimits,
  ShellCommandOptions,
} from '../../computer/computer-interface.js';
import type { EventScope } from '../../events/event-scope.js';
import type { SweLancerEvent } from '../../events/event.js';
import type { ConformanceFamily, ConformanceLevel, ConformanceRequirement } from './conformance-case.js';
import type { ConformanceOptions } from './conformance-options.js';

/** A case before it is bound to computers. */
export interface CaseDefinition {
  readonly id: `${ConformanceFamily}/${string}`;
  readonly level: ConformanceLevel;
  readonly title: string;
  readonly requires?: readonly ConformanceRequirement[];
  /** For cases that end or damage their computer, or want one of a certain kind. Default: the computer is shared. */
  readonly ownComputer?: ResourceLimits;
  /** Milliseconds. Default: 90,000. */
  readonly timeoutMs?: number;
  /** The case ends its computer: nothing can be looked for afterwards. Default: false. */
  readonly endsComputer?: boolean;
  /** The case makes something fail that is told by a `diagnostic`. Default: false. */
  readonly expectsDiagnostics?: boolean;
  readonly body: (bench: CaseBench) => Promise<void>;
}

/** What a case works with. */
export interface CaseBench {
  /** A facade over `implementation` whose events are recorded. */
  readonly computer: Computer;
  readonly implementation: ComputerInterface;
  readonly events: readonly SweLancerEvent[];
  readonly scope: EventScope;
  readonly options: ConformanceOptions;
  /** Runs a command whose processes can be found afterwards. Its default time limit is 60 seconds. */
  readonly run: (command: string, options?: ShellCommandOptions) => Promise<CompletedCommand>;
  /** `run` on another facade or computer. */
  readonly runOn: (
    computer: Computer,
    command: string,
    options?: ShellCommandOptions,
  ) => Promise<CompletedCommand>;
  /** A path in the case's own folder, which exists. Other files there count as left over. */
  readonly path: (name: string) => string;
  /** An abort controller that must have no listener left at the end. */
  readonly controller: () => AbortController;
  /** How many processes of the case there are, as seen by `computer`. */
  readonly processes: (computer?: Computer) => Promise<number>;
  /** Another computer from the same source, cleaned up with the case. */
  readonly another: () => Promise<Computer>;
  /** A computer from an image that a snapshot gave, cleaned up with the case. Skips it where there is no way to one. */
  readonly startFrom: (image: string) => Promise<Computer>;
  /** Ends the case without a verdict. */
  readonly skip: (reason: string) => never;
}
