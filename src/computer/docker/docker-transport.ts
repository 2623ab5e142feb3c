import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import PQueue from 'p-queue';
import type { CallOptions } from '../computer-interface.js';
import { CommandSpawnError } from '../errors.js';
import type { ChannelRequest, ShellChannel, ShellTransport } from '../shell/shell-transport.js';
import { type DockerContainer, lossBehind, lossOf } from './docker-container.js';
import { createExec, startExec } from './docker-exec.js';
import { readRefusal } from './engine-error.js';
import { ExecExit } from './exec-exit.js';
import { StreamDemultiplexer } from './stream-demultiplexer.js';
import { tellingChannel, tellingRequest } from './telling-channel.js';

/** Of a process that wrote into a link that had broken. */
const brokenPipeExitCode = 141;

/**
 * Runs each process of the shell engine as one exec of the Docker engine, over one hijacked connection. They are started
 * one after another: 64 at once take 18 s when four start together and 5.6 s in turn (Docker 20.10, two cores).
 */
export function createDockerTransport(container: DockerContainer): ShellTransport {
  const starts = new PQueue({ concurrency: 1 });
  return {
    isStalledByHeldStreams: true,
    open: async (request, options = {}) =>
      await starts.add(async () => await openChannel(container, request, options), {
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      }),
  };
}

async function openChannel(
  container: DockerContainer,
  request: ChannelRequest,
  call: CallOptions,
): Promise<ShellChannel> {
  if (container.watch.end !== undefined) throw await lossOf(container, container.watch.end);
  let exit: ExecExit | undefined;
  try {
    // Neither the end of a connection nor what Docker says of the exec then tells a link that broke from a process that ended.
    const isTold = container.isPodman || !container.isLocal;
    const telling = isTold ? tellingRequest(request, container.isPodman) : undefined;
    const execId = await createExec(container, telling?.request ?? request, call);
    exit = new ExecExit(container, execId);
    const socket = await startExec(container, execId, call);
    const channel = connect(socket, exit);
    return telling === undefined
      ? channel
      : tellingChannel(channel, telling, async (exitCode) => await lossOfUntold(container, exitCode));
  } catch (error) {
    exit?.letGo();
    call.signal?.throwIfAborted();
    throw (await lossBehind(container, error)) ?? spawnFailure(request, error);
  }
}

/** What is lost with a shell around a process that did not tell the end of it. */
async function lossOfUntold(container: DockerContainer, exitCode: number | null): Promise<Error | undefined> {
  // The container may be about to be told to have ended.
  const end = (await container.watch.verify()) ?? (await container.watch.endWithin(2000));
  if (end !== undefined) return await lossOf(container, end);
  // Inside it can be ended by a signal only.
  const isKilled = exitCode === null || (exitCode > 128 && exitCode !== brokenPipeExitCode);
  if (isKilled || container.isLocal) return undefined;
  return await lossOf(container, { reason: 'connection', exitCode: null });
}

function connect(socket: Socket, exit: ExecExit): ShellChannel {
  const demultiplexer = new StreamDemultiplexer();
  const { stdout, stderr } = demultiplexer;
  exit.follow(demultiplexer);
  const stdin = standardInput(socket);
  for (const stream of [stdin, stdout, stderr, demultiplexer]) stream.on('error', () => undefined);
  socket.pipe(demultiplexer);
  socket.on('error', (error) => demultiplexer.destroy(error));
  // A link that breaks closes without an end. After a regular end this does nothing.
  socket.on('close', () => {
    stdin.destroy();
    if (!socket.readableEnded) demultiplexer.destroy();
  });
  demultiplexer.on('close', () => {
    exit.outputEnded();
    socket.destroy();
  });
  return {
    stdin,
    stdout,
    stderr,
    exit: exit.promise,
    destroy: () => {
      exit.letGo();
      socket.destroy();
      demultiplexer.destroy();
    },
  };
}

/** The sending half of the connection alone: ending or destroying it leaves the output to be read. */
function standardInput(socket: Socket): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (socket.writable) socket.write(chunk, (error) => done(error));
      else done(new Error('The process does not take any more input.'));
    },
    final: (done) => {
      if (socket.writable) socket.end(() => done());
      else done();
    },
  });
}

function spawnFailure({ argv, user }: ChannelRequest, error: unknown): CommandSpawnError {
  const { message } = readRefusal(error);
  const unknownUser = /unable to find user|no matching entries in passwd/i.test(message);
  const tooMany = /resource temporarily unavailable|cannot allocate memory|pids/i.test(message);
  const reason = unknownUser ? 'user' : tooMany ? 'processes' : 'other';
  const advice = {
    user: `The image has no user ${user ?? ''}.`,
    processes: 'The computer has reached its limit of processes.',
    other: 'The engine refused to start it.',
  }[reason];
  return new CommandSpawnError(`A command could not be started. ${advice} The engine says: ${message}`, {
    reason,
    command: argv[0] ?? '',
    cause: error,
  });
}
