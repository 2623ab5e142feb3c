import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { type Client, ClientStartError, openOverClient } from '../channel/client-channel.js';
import type { CallOptions, ComputerInterface } from '../computer-interface.js';
import { ConfigurationError } from '../../errors.js';
import { checkCommandOptions, type CommandComputerOptions, startComputerOver } from './command-computer.js';
import { readerArgv, readerTransport } from './command-transport.js';

/** A program that runs inside, and its standard streams as bytes. */
export interface ByteChannel {
  /** Its end has to reach the program. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when the program has ended or the link is gone, either way. The exit code comes by other means. */
  readonly ended: Promise<unknown>;
  /** Lets go of the link at once. What runs inside need not end. Default: nothing but the streams is let go of. */
  readonly close?: (() => void) | undefined;
}

export interface ChannelComputerOptions extends Omit<CommandComputerOptions, 'prefix'> {
  /**
   * Runs `argv` inside with its standard streams connected, without a terminal. `argv` is always the same short `sh -c`
   * text: programs, environment and commands are sent over `stdin`. It is called for each shell that is kept open and
   * each file that is sent, about ten at once. May be called again where it fails.
   */
  readonly open: (argv: readonly string[], call: OpenChannelOptions) => Promise<ByteChannel> | ByteChannel;
  /** Gives back the machine with everything in it, where it is yours. Default: our processes and files are removed. */
  readonly release?: ((call: CallOptions) => Promise<void>) | undefined;
}

export interface OpenChannelOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * A full computer out of any API that runs a program and carries its streams: lanes, kills with proof, durable commands,
 * background children that delay nothing, files and trees, all over `open`. Inside it takes `sh`, the usual small tools,
 * `tar` and `/proc`.
 *
 * ```ts
 * const computer = await channelComputer({
 *   open: async ([file = '', ...parameters]) => {
 *     const { stdin, stdout, stderr, ...child } = await api.run(file, parameters);
 *     return { stdin, stdout, stderr, ended: child.whenEnded(), close: () => child.disconnect() };
 *   },
 * });
 * ```
 * @throws ConfigurationError, ComputerStartError; `release` has been called then
 */
export async function channelComputer(
  options: ChannelComputerOptions,
  call: CallOptions = {},
): Promise<ComputerInterface> {
  const { open, release, ...rest } = options;
  for (const [name, value] of Object.entries({ open, release: release ?? (() => undefined) })) {
    if (typeof value !== 'function')
      throw new ConfigurationError(`channelComputer: ${name} must be a function.`);
  }
  checkCommandOptions('channelComputer', { ...rest, prefix: ['open'] });
  const { startTimeoutMs = 60_000 } = options;
  const transport = readerTransport({
    program: 'The channel of open()',
    startTimeoutMs,
    open: async (over) => {
      over.signal?.throwIfAborted();
      const client = await openClient(options, over.signal);
      if (over.signal?.aborted === true) client.letGo();
      return await openOverClient(client, over);
    },
  });
  const id = options.id ?? `channel-${randomBytes(6).toString('hex')}`;
  return await startComputerOver(transport, { ...rest, id }, call, release);
}

async function openClient(
  { open }: ChannelComputerOptions,
  signal: AbortSignal | undefined,
): Promise<Client> {
  const channel = await Promise.resolve()
    .then(() => open(readerArgv, { signal }))
    .catch((error: unknown) => {
      signal?.throwIfAborted();
      throw new ClientStartError('ended', error instanceof Error ? error.message : String(error), null, {
        cause: error,
      });
    });
  const { stdin, stdout, stderr } = channel;
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined);
  const end = { exitCode: null, signal: null };
  return {
    ...{ stdin, stdout, stderr },
    ended: channel.ended.then(
      () => end,
      () => end,
    ),
    letGo: () => channel.close?.(),
  };
}
