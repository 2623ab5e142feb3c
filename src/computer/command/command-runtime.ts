import type { CommandStrategy } from '../channel/channel-computer.js';
import { type Durability, durabilityOf } from '../channel/durability.js';
import { rejectResources } from '../channel/reject-resources.js';
import { startInPlace } from '../channel/start-in-place.js';
import type { CallOptions, ComputerRequest, ComputerRuntime } from '../computer-interface.js';
import { ConfigurationError } from '../../errors.js';
import type { Environment } from '../../redaction.js';
import { checkCommandOptions, startCommandComputer } from './command-computer.js';

export interface CommandRuntimeOptions<Place> extends Durability {
  /** In results and events. Default: `command`. */
  readonly name?: string | undefined;
  /**
   * Makes the place of one computer, such as a pod from `request.image`, and resolves when commands can run there.
   * `signal` fires when the start is cancelled and at its time limit; what comes after that is destroyed.
   */
  readonly create: (request: ComputerRequest, call: CallOptions) => Promise<Place>;
  /** What runs a program in that place; see `commandComputer`. */
  readonly prefix: (place: Place) => readonly string[];
  /** Removes the place with everything in it. Called once for each, also when the computer could not be started. */
  readonly destroy: (place: Place, call: CallOptions) => Promise<void>;
  /** Whether `create` applies `request.resources`. Default: false; a request that has any is refused. */
  readonly appliesResources?: boolean | undefined;
  /** For every command, below what the task sets. */
  readonly environment?: Environment | undefined;
  /** Shell text to start in place of an entry point; not needed where `create` starts the image's own. */
  readonly entryCommand?: string | undefined;
  /** How commands are run. Default: `lane`. */
  readonly strategy?: CommandStrategy | undefined;
  /** Milliseconds for `prefix` to give a shell. Default: 60,000. */
  readonly startTimeoutMs?: number | undefined;
}

/**
 * Computers in places that are made and removed by functions of yours and reached by a command prefix.
 *
 * ```ts
 * const runtime = commandRuntime({
 *   create: async ({ image }) => runPod(image),
 *   prefix: (pod) => ['kubectl', 'exec', '-i', pod, '--'],
 *   destroy: async (pod) => deletePod(pod),
 * });
 * ```
 */
export function commandRuntime<Place>(options: CommandRuntimeOptions<Place>): ComputerRuntime {
  const { name = 'command', create, prefix, destroy } = options;
  for (const [key, value] of Object.entries({ create, prefix, destroy })) {
    if (typeof value !== 'function')
      throw new ConfigurationError(`commandRuntime: ${key} must be a function.`);
  }
  return {
    name,
    start: async (request, call) => {
      if (options.appliesResources !== true) rejectResources('commandRuntime', request);
      return await startInPlace('The start of a computer by commandRuntime', call, {
        make: async (limits) => create(request, { ...call, ...limits }),
        release: destroy,
        start: async (place, limits, release) => {
          const computer = {
            prefix: prefix(place),
            workingDirectory: request.workingDirectory,
            environment: { ...options.environment, ...request.environment },
            entryCommand: options.entryCommand,
            strategy: options.strategy,
            startTimeoutMs: options.startTimeoutMs,
            ...durabilityOf(options, call.emit),
          };
          checkCommandOptions('commandRuntime', computer);
          return await startCommandComputer(computer, limits, release);
        },
      });
    },
  };
}
