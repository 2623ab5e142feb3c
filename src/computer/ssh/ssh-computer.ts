import { randomBytes } from 'node:crypto';
import type { Environment } from '../../redaction.js';
import { type CommandStrategy, startChannelComputer } from '../channel/channel-computer.js';
import { type Durability, durabilityOf } from '../channel/durability.js';
import type { CallOptions, ComputerInterface } from '../computer-interface.js';
import { officialEntry, officialEnvironment } from './official-machine.js';
import { type SessionLimits, sessionLimits } from './session-limits.js';
import { SshConnections } from './ssh-connection.js';
import { checkOptions } from '../../check-options.js';
import { type SshDestinationOptions, sshComputerShape } from './ssh-options.js';
import { sshTransport } from './ssh-transport.js';

export interface SshComputerOptions extends SshDestinationOptions, Durability {
  /** Absolute; where commands start. Not made: CommandSpawnError while it is missing. Default: `/`. */
  readonly workingDirectory?: string | undefined;
  /** For every command. Default: `officialEnvironment`; nothing of this machine's own is sent. */
  readonly environment?: Environment | undefined;
  /**
   * Shell text to start once, in the background, in place of an image's entry point; its output is the computer's log.
   * Default: the official `/app/tests/run.sh`, where it exists and has not run. `false` starts nothing.
   */
  readonly entryCommand?: string | false | undefined;
  /** How commands are run. Default: `lane`. */
  readonly strategy?: CommandStrategy | undefined;
  /** Names the computer in events and errors. Default: a fresh one. */
  readonly id?: string | undefined;
}

/** A computer over SSH. Its machine is somebody else's: `cleanup` ends our processes and removes our files, no more. */
export type SshComputer = ComputerInterface;

/**
 * Connects to a machine that is to be the computer, through the OpenSSH client with the user's own configuration.
 * @throws ConfigurationError, ComputerStartError (unknown host key, refused login, unreachable); nothing is left then
 */
export async function sshComputer(options: SshComputerOptions, call: CallOptions = {}): Promise<SshComputer> {
  checkOptions('sshComputer', sshComputerShape, options);
  return await startSshComputer(options, call);
}

/** With `releaseMachine`, the machine is ours, and goes away as a whole. */
export async function startSshComputer(
  options: SshComputerOptions,
  call: CallOptions,
  releaseMachine?: (call: CallOptions) => Promise<void>,
  limits: SessionLimits = sessionLimits(options),
): Promise<SshComputer> {
  const { workingDirectory = '/', environment = officialEnvironment, entryCommand } = options;
  const connections = new SshConnections(options, limits, options.onDegraded);
  return await startChannelComputer(
    {
      id: options.id ?? `ssh-${randomBytes(6).toString('hex')}`,
      transport: sshTransport(connections, options),
      workingDirectory,
      environment,
      entry: entryOf(entryCommand),
      strategy: options.strategy,
      durability: durabilityOf(options),
      release: async (releaseCall) => {
        await connections.close();
        await releaseMachine?.(releaseCall);
      },
      releaseEndsMachine: releaseMachine !== undefined,
    },
    call,
  );
}

function entryOf(entryCommand: string | false | undefined) {
  if (entryCommand === false) return undefined;
  return entryCommand === undefined ? officialEntry : { command: entryCommand };
}
