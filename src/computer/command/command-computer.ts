import { randomBytes } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { checkOptions } from '../../check-options.js';
import type { Environment } from '../../redaction.js';
import { type CommandStrategy, startChannelComputer } from '../channel/channel-computer.js';
import { type Durability, durabilityOf, durabilityShape } from '../channel/durability.js';
import { longestTimerMs } from '../deadline.js';
import type { CallOptions, ComputerInterface } from '../computer-interface.js';
import { ComputerLostError, ComputerStartError } from '../errors.js';
import type { ShellTransport } from '../shell/shell-transport.js';
import { commandTransport } from './command-transport.js';

export interface CommandComputerOptions extends Durability {
  /**
   * What runs a program inside, with its standard streams connected: `['kubectl', 'exec', '-i', 'pod-7', '--']`,
   * `['podman', 'exec', '-i', 'box']`, `['nsenter', '--target', '4711', '--mount', '--pid', '--']`. `sh -c …` is added.
   */
  readonly prefix: readonly string[];
  /** Absolute; where commands start. Not made: CommandSpawnError while it is missing. Default: `/`. */
  readonly workingDirectory?: string | undefined;
  /** For every command, on top of what `prefix` gives. Default: nothing. */
  readonly environment?: Environment | undefined;
  /** Shell text to start once, in the background, in place of an image's entry point; its output is the log. */
  readonly entryCommand?: string | undefined;
  /** How commands are run. Default: `lane`. */
  readonly strategy?: CommandStrategy | undefined;
  /** Milliseconds for `prefix` to give a shell. Default: 60,000. */
  readonly startTimeoutMs?: number | undefined;
  /** Names the computer in events and errors. Default: a fresh one. */
  readonly id?: string | undefined;
}

const shape = {
  prefix: z.array(z.string().regex(/^[^\0]*$/)).min(1),
  workingDirectory: z.string().refine(isAbsolute, 'expected an absolute path').optional(),
  environment: z
    .record(
      z
        .string()
        .regex(/^(?!swelancer_)/, 'names that begin with swelancer_ are for the shells around a command'),
      z.unknown(),
    )
    .optional(),
  entryCommand: z.string().min(1).optional(),
  strategy: z.enum(['lane', 'exec']).optional(),
  ...durabilityShape,
  startTimeoutMs: z.number().int().positive().max(longestTimerMs).optional(),
  id: z
    .string()
    .regex(/^[\w.-]+$/)
    .optional(),
};

/** @throws ConfigurationError that names what is wrong */
export function checkCommandOptions(who: string, options: object): void {
  checkOptions(who, shape, options);
}

/**
 * A full computer out of any command that runs a program somewhere. The somewhere is not ours: `cleanup` ends our
 * processes and removes our files, no more.
 * @throws ConfigurationError, ComputerStartError; nothing is left then
 */
export async function commandComputer(
  options: CommandComputerOptions,
  call: CallOptions = {},
): Promise<ComputerInterface> {
  checkCommandOptions('commandComputer', options);
  return await startCommandComputer(options, call);
}

/** With `destroy`, the place is ours and goes away as a whole. */
export async function startCommandComputer(
  options: CommandComputerOptions,
  call: CallOptions,
  destroy?: (call: CallOptions) => Promise<void>,
): Promise<ComputerInterface> {
  const { prefix, startTimeoutMs = 60_000, ...rest } = options;
  const id = options.id ?? `command-${randomBytes(6).toString('hex')}`;
  return await startComputerOver(
    commandTransport({ prefix, startTimeoutMs }),
    { ...rest, id },
    call,
    destroy,
  );
}

/** With `release`, the place is ours and goes away as a whole. @throws ComputerStartError */
export async function startComputerOver(
  transport: ShellTransport,
  options: Omit<CommandComputerOptions, 'prefix' | 'id'> & { readonly id: string },
  call: CallOptions,
  release?: (call: CallOptions) => Promise<void>,
): Promise<ComputerInterface> {
  const { id, entryCommand } = options;
  try {
    return await startChannelComputer(
      {
        id,
        transport,
        workingDirectory: options.workingDirectory ?? '/',
        environment: options.environment ?? {},
        entry: entryCommand === undefined ? undefined : { command: entryCommand },
        strategy: options.strategy,
        durability: durabilityOf(options),
        release: async (releaseCall) => release?.(releaseCall),
        releaseEndsMachine: release !== undefined,
      },
      call,
    );
  } catch (error) {
    if (!(error instanceof ComputerLostError)) throw error;
    throw new ComputerStartError(error.message, {
      reason: 'engine_unreachable',
      retryable: error.retryable,
      computerId: id,
      cause: error,
    });
  }
}
