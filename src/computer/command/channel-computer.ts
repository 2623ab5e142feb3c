import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { type Client, ClientStartError, openOverClient } from '../channel/client-channel.js';
import type { CallOptions, ComputerInterface } from '../computer-interface.js';
import { Deadline, over } from '../deadline.js';
import { ComputerLostError } from '../errors.js';
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
   * each file that is sent, about ten at once. May be called again where it fails. It counts towards `startTimeoutMs`; a
   * channel that comes later is closed.
   */
  readonly open: (argv: readonly string[], call: OpenChannelOptions) => Promise<ByteChannel> | ByteChannel;
  /** Gives back the machine with everything in it, where it is yours. Default: our processes and files are removed. */
  readonly release?: ((call: CallOptions) => Promise<void>) | undefined;
}

export interface OpenChannelOptions {
  /** Fires when nobody waits for the channel any more. Once it has been given, `close` is called instead. */
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
    open: async (call) => {
      call.signal?.throwIfAborted();
      const startedAt = performance.now();
      const client = await openClient(options, { signal: call.signal, timeoutMs: startTimeoutMs });
      const leftMs = Math.max(startTimeoutMs - (performance.now() - startedAt), 1);
      return await openOverClient(client, { ...call, startTimeoutMs: leftMs });
    },
  });
  const id = options.id ?? `channel-${randomBytes(6).toString('hex')}`;
  return await startComputerOver(transport, { ...rest, id }, call, release);
}

/** @throws ClientStartError, ConfigurationError, ComputerLostError when it takes too long, or the signal's reason */
async function openClient({ open }: ChannelComputerOptions, limits: CallOptions): Promise<Client> {
  using deadline = new Deadline(limits);
  const opening = Promise.resolve().then(async () => open(readerArgv, { signal: deadline.signal }));
  const opened = await deadline.whileOpen(opening).catch((error: unknown) => {
    limits.signal?.throwIfAborted();
    throw new ClientStartError('ended', error instanceof Error ? error.message : String(error), null, {
      cause: error,
    });
  });
  if (opened !== over) return clientOver(opened);
  opening.then(letGo, () => undefined);
  limits.signal?.throwIfAborted();
  const message = `open() of channelComputer gave no channel within ${limits.timeoutMs ?? 0} ms.`;
  throw new ComputerLostError(message, { reason: 'connection' });
}

/** @throws ConfigurationError for what is no channel */
function clientOver(channel: ByteChannel): Client {
  const missing = missingParts(channel);
  if (missing.length > 0) {
    letGo(channel);
    throw new ConfigurationError(
      `channelComputer: open() gave what is no channel. It lacks ${missing.join(', ')}.`,
    );
  }
  const { stdin, stdout, stderr, ended } = channel;
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined);
  const end = { exitCode: null, signal: null };
  return {
    ...{ stdin, stdout, stderr },
    ended: ended.then(
      () => end,
      () => end,
    ),
    letGo: () => close(channel),
  };
}

/** Whoever writes `open` without types may leave out anything. */
type Unchecked = { readonly [Part in keyof ByteChannel]?: unknown } | null | undefined;

function missingParts(channel: Unchecked): readonly string[] {
  const needs = [
    ['stdin', 'write', 'a writable stdin'],
    ['stdout', 'pipe', 'a readable stdout'],
    ['stderr', 'pipe', 'a readable stderr'],
    ['ended', 'then', 'a promise `ended`'],
  ] as const;
  return needs.filter(([part, method]) => !hasMethod(channel?.[part], method)).map(([, , what]) => what);
}

function letGo(channel: Unchecked): void {
  for (const stream of [channel?.stdin, channel?.stdout, channel?.stderr]) {
    if (hasMethod(stream, 'on')) stream.on('error', () => undefined);
    if (hasMethod(stream, 'destroy')) stream.destroy();
  }
  if (hasMethod(channel?.ended, 'then')) channel.ended.then(undefined, () => undefined);
  close(channel);
}

/** Nobody is there to hear that it cannot be closed. */
function close(channel: Unchecked): void {
  const closing = async () => hasMethod(channel, 'close') && channel.close();
  closing().catch(() => undefined);
}

function hasMethod<Name extends string>(
  value: unknown,
  name: Name,
): value is Record<Name, (...parameters: unknown[]) => unknown> {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function';
}
