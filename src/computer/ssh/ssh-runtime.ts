import { checkOptions } from '../../check-options.js';
import { ConfigurationError } from '../../errors.js';
import type {
  CallOptions,
  ComputerInterface,
  ComputerRequest,
  ComputerRuntime,
} from '../computer-interface.js';
import type { EmitEvent } from '../../events/event.js';
import { type Durability, durabilityOf } from '../channel/durability.js';
import { rejectResources } from '../channel/reject-resources.js';
import { startInPlace } from '../channel/start-in-place.js';
import { ComputerStartError, UnsupportedOptionError } from '../errors.js';
import { officialEnvironment } from './official-machine.js';
import { sessionLimits } from './session-limits.js';
import { type SshComputerOptions, startSshComputer } from './ssh-computer.js';
import { type SshDestinationOptions, sshComputerShape, sshSettingsShape } from './ssh-options.js';

/** A machine that was made for one computer. */
export interface SshMachine extends SshDestinationOptions {
  /** Called once, when the computer is given back or could not be started. */
  readonly release: (call: CallOptions) => Promise<void>;
}

/** What is the same for every computer of a runtime. */
export type SshRuntimeSettings = Pick<SshComputerOptions, 'environment' | 'entryCommand' | 'strategy'> &
  Durability;

/** One machine that is there, or a function that makes one for each computer. */
export type SshRuntimeOptions =
  | (SshDestinationOptions & SshRuntimeSettings)
  | (SshRuntimeSettings & {
      /**
       * Makes a machine and resolves when its SSH server answers. `signal` fires when the start is cancelled and at its
       * time limit; what comes after that is released.
       */
      readonly createMachine: (request: ComputerRequest, call: CallOptions) => Promise<SshMachine>;
    });

/**
 * Computers over SSH. With a `destination` there is one machine, so there is one computer at a time, and none for
 * grading after an agent has worked on it: grade in place, or give `createMachine` to have fresh ones.
 * @throws ConfigurationError
 */
export function sshRuntime(options: SshRuntimeOptions): ComputerRuntime {
  return 'createMachine' in options ? freshMachines(options) : oneMachine(options);
}

function oneMachine(options: SshDestinationOptions & SshRuntimeSettings): ComputerRuntime {
  checkOptions('sshRuntime', sshComputerShape, options);
  sessionLimits(options);
  const { destination } = options;
  let machine: MachineState = { kind: 'free' };
  let hadAgent = false;
  return {
    name: 'ssh',
    start: async (request, call) => {
      rejectResources('sshRuntime', request);
      if (hadAgent && request.purpose !== 'agent') {
        throw new UnsupportedOptionError(
          `${destination} is where the agent works; it cannot also be a fresh computer for ${request.purpose}. Use grading: 'in-place', or give sshRuntime a createMachine.`,
          { option: 'purpose' },
        );
      }
      if (machine.kind === 'taken') {
        throw new ComputerStartError(
          `${destination} is in use by another computer of this runtime. Run one task at a time, or give createMachine.`,
          { reason: 'other', retryable: true },
        );
      }
      const before = machine;
      const taken: MachineState = { kind: 'taken' };
      machine = taken;
      try {
        if (before.kind === 'littered') await tidyUp(destination, before.by, call);
      } catch (error) {
        machine = before;
        throw error;
      }
      hadAgent ||= request.purpose === 'agent';
      try {
        const computer = await startSshComputer(computerOptions(options, options, request, call.emit), call);
        return afterCleanup(computer, (isClean) => {
          // A cleanup may be called again when somebody else has the machine.
          const isItsOwn = machine === taken || (machine.kind === 'littered' && machine.by === computer);
          if (isItsOwn) machine = isClean ? { kind: 'free' } : { kind: 'littered', by: computer };
        });
      } catch (error) {
        machine = { kind: 'free' };
        throw error;
      }
    },
  };
}

type MachineState =
  | { readonly kind: 'free' }
  | { readonly kind: 'taken' }
  /** The cleanup of that computer has failed. */
  | { readonly kind: 'littered'; readonly by: ComputerInterface };

function freshMachines(options: Extract<SshRuntimeOptions, { createMachine: unknown }>): ComputerRuntime {
  const { createMachine, ...settings } = options;
  if (typeof createMachine !== 'function') throw noMachine();
  checkOptions('sshRuntime', sshSettingsShape, settings);
  return {
    name: 'ssh',
    start: async (request, call) =>
      startInPlace('The start of a computer by sshRuntime', call, {
        make: async (limits) => {
          // A program without types may give anything.
          const made = (await createMachine(request, { ...call, ...limits })) as
            | Partial<SshMachine>
            | undefined;
          const { release, ...machine } = made ?? {};
          if (typeof release !== 'function') throw noMachine();
          return { machine, release };
        },
        release: async ({ release }, releaseCall) => release(releaseCall),
        start: async ({ machine }, limits, release) => {
          checkOptions('createMachine', sshComputerShape, machine);
          // The check has found a destination.
          return await startSshComputer(
            computerOptions(machine as SshDestinationOptions, settings, request, call.emit),
            limits,
            release,
          );
        },
      }),
  };
}

function noMachine(): ConfigurationError {
  return new ConfigurationError(
    'sshRuntime: createMachine must be a function that gives { destination, release }.',
  );
}

function computerOptions(
  destination: SshDestinationOptions,
  settings: SshRuntimeSettings,
  request: ComputerRequest,
  emit: EmitEvent,
): SshComputerOptions {
  const { environment = officialEnvironment, entryCommand, strategy } = settings;
  return {
    ...destination,
    workingDirectory: request.workingDirectory,
    environment: { ...environment, ...request.environment },
    entryCommand,
    strategy,
    ...durabilityOf(settings, emit),
    id: undefined,
  };
}

/** @throws ComputerStartError when what the computer before has left on the machine is still there */
async function tidyUp(
  destination: string,
  computer: ComputerInterface,
  { signal, timeoutMs }: CallOptions,
): Promise<void> {
  try {
    await computer.cleanup({ signal, timeoutMs });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ComputerStartError(
      `${destination} still has what the computer before left there, and its cleanup has failed again: ${why} End and remove that by hand; the next start tries the cleanup once more.`,
      { reason: 'other', retryable: true, cause: error },
    );
  }
}

/** Tells how each cleanup ended. */
function afterCleanup(computer: ComputerInterface, tell: (isClean: boolean) => void): ComputerInterface {
  return {
    ...computer,
    cleanup: async (call) => {
      try {
        await computer.cleanup(call);
      } catch (error) {
        tell(false);
        throw error;
      }
      tell(true);
    },
  };
}
