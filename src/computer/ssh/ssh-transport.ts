import type { Readable } from 'node:stream';
import { ClientStartError, openClientChannel } from '../channel/client-channel.js';
import { settledWithin } from '../deadline.js';
import { CommandSpawnError, ComputerLostError } from '../errors.js';
import type { ChannelExit, ChannelRequest, ShellChannel, ShellTransport } from '../shell/shell-transport.js';
import { sessionArguments } from './ssh-arguments.js';
import type { SshConnections, SshSession } from './ssh-connection.js';
import type { SshDestinationOptions } from './ssh-options.js';

/** Milliseconds for a session to begin over a connection that stands. A dead one is noticed by its signs of life. */
const startTimeoutMs = 60_000;
/** Milliseconds for a connection to be seen ended after its sessions were. */
const noticeMs = 1000;
/** Milliseconds after its process within which a client ends that nothing else holds. */
const heldMs = 250;
const tries = 6;

/** Runs each process as one session over shared connections. Opening is tried again: nothing has run until it is done. */
export function sshTransport(connections: SshConnections, options: SshDestinationOptions): ShellTransport {
  return {
    hasRoom: () => connections.hasRoom(),
    open: async (request, { signal } = {}) => {
      const { isVital = false } = request;
      const wanted = { isVital, since: performance.now(), until: connections.closing, signal };
      for (let attempt = 1; ; attempt++) {
        const session = await connections.session(wanted);
        try {
          return await openSession(session, options, request, signal);
        } catch (error) {
          // It counts until this is known: the server's limit is told by how many there are beside it.
          const mayHelp = await canTryAgain(connections, session, error);
          session.release();
          // Each refusal lowers what is asked of a connection, so that there is an end to them.
          if (mayHelp && isRefusal(error)) attempt -= 1;
          if (mayHelp && attempt < tries) continue;
          throw error instanceof ClientStartError ? spawnFailure(options, session, error) : error;
        }
      }
    },
  };
}

async function openSession(
  session: SshSession,
  options: SshDestinationOptions,
  request: ChannelRequest,
  signal: AbortSignal | undefined,
): Promise<ShellChannel> {
  const { master } = session;
  let endClient: () => void = () => undefined;
  const clientEnd = new Promise<void>((resolve) => {
    endClient = resolve;
  });
  const channel = await openClientChannel({
    argv: [options.sshProgram ?? 'ssh', ...sessionArguments(master.socket, options)],
    request,
    signal,
    startTimeoutMs,
    onClientEnd: endClient,
    explainEnd: async (end): Promise<ChannelExit> => {
      // 255 is the client's answer to a broken link, and to a process that was killed. The connection tells which.
      const isCut = end.signal !== null || (await settledWithin(master.ended, noticeMs));
      if (!isCut) return { kind: 'exited', exitCode: end.exitCode === 255 ? null : end.exitCode };
      const { text } = await master.failure();
      return {
        kind: 'lost',
        error: new ComputerLostError(
          `The SSH connection to ${options.destination} broke. What ran there may still be running. ssh says: ${text}`,
          { reason: 'connection', commandMayBeRunning: true, lastLogLines: text.split('\n') },
        ),
      };
    },
  });
  void clientEnd.then(session.release);
  void (async () => {
    await channel.exit;
    const unread = () => [channel.stdout, channel.stderr].some(hasUnread);
    // As a rule the client ends as well, once all has been read.
    while (!(await settledWithin(clientEnd, heldMs)) && unread());
    session.offer('held', () => channel.destroy());
  })();
  return { ...channel, offer: (giveUp) => session.offer('idle', giveUp) };
}

function hasUnread(stream: Readable): boolean {
  return !stream.destroyed && stream.readableLength > 0;
}

async function canTryAgain(
  connections: SshConnections,
  session: SshSession,
  error: unknown,
): Promise<boolean> {
  if (!(error instanceof ClientStartError) || error.reason !== 'ended') return false;
  if (isRefusal(error)) return connections.refused(session);
  // The client of a connection that breaks may end a moment before the connection's own process does.
  return await settledWithin(session.master.ended, noticeMs);
}

function isRefusal(error: unknown): boolean {
  return error instanceof ClientStartError && /session open refused|session request failed/i.test(error.text);
}

function spawnFailure(
  { destination, sudo }: SshDestinationOptions,
  { master }: SshSession,
  error: ClientStartError,
): Error {
  if (error.reason === 'silent' || master.hasEnded()) {
    const message = `The SSH connection to ${destination} does not answer. ${error.text}`.trim();
    return new ComputerLostError(message, { reason: 'connection', cause: error });
  }
  const text = error.text === '' ? `the session ended with ${error.exitCode ?? 'no exit code'}` : error.text;
  const refused = isRefusal(error) ? ' The server allows no sessions (MaxSessions).' : '';
  const hint = sudo === true && /sudo/.test(text) ? ' sudo must not ask for a password.' : '';
  return new CommandSpawnError(
    `A shell could not be started on ${destination}.${refused}${hint} It says: ${text}`,
    {
      reason: /fork|resource temporarily unavailable/i.test(text) ? 'processes' : 'other',
      command: 'sh',
      cause: error,
    },
  );
}
