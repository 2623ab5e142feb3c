import { readerText } from '../channel/remote-program.js';
import type { SshDestinationOptions } from './ssh-options.js';

const missedSignsOfLife = 3;

/** Arguments of the one process that holds a connection. It runs nothing; sessions come over its socket. */
export function masterArguments(
  options: SshDestinationOptions,
  socket: string,
  knownHostsFile: string | undefined,
): readonly string[] {
  const { hostKeys = 'strict', connectTimeoutMs = 15_000, keepAliveSeconds = 15 } = options;
  const settings: Record<string, string> = {
    ...options.sshOptions,
    // In the background it would keep our pipes open.
    ControlPersist: 'no',
    BatchMode: 'yes',
    ConnectTimeout: String(Math.ceil(connectTimeoutMs / 1000)),
    ServerAliveInterval: String(keepAliveSeconds),
    ServerAliveCountMax: String(missedSignsOfLife),
    StrictHostKeyChecking: hostKeys === 'accept-new' ? 'accept-new' : 'yes',
    NoHostAuthenticationForLocalhost: 'no',
    // Forwards of the user's configuration are meant for the user's own sessions.
    ClearAllForwardings: 'yes',
    ForwardX11: 'no',
    PermitLocalCommand: 'no',
    RemoteCommand: 'none',
    RequestTTY: 'no',
    StreamLocalBindUnlink: 'yes',
    LogLevel: 'INFO',
    ...(knownHostsFile === undefined
      ? {}
      : {
          UserKnownHostsFile: knownHostsFile,
          GlobalKnownHostsFile: '/dev/null',
          KnownHostsCommand: 'none',
          VerifyHostKeyDNS: 'no',
          UpdateHostKeys: 'no',
        }),
    ...(options.identityFile === undefined ? {} : { IdentitiesOnly: 'yes' }),
  };
  return [
    ...(options.configFile === undefined ? [] : ['-F', options.configFile]),
    ...['-N', '-M', '-S', socket],
    ...(options.port === undefined ? [] : ['-p', String(options.port)]),
    ...(options.identityFile === undefined ? [] : ['-i', options.identityFile]),
    ...(options.jump === undefined ? [] : ['-J', options.jump]),
    ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    '--',
    options.destination,
  ];
}

/**
 * Arguments of a client that only talks to a master. It reads no configuration, and where the master refuses it must
 * not connect by itself, as it otherwise would: past our host key rules, and telling of it in the command's output.
 */
export function clientArguments(socket: string): readonly string[] {
  return [
    ...['-F', '/dev/null', '-S', socket, '-T', '-e', 'none'],
    ...['ControlMaster=no', 'BatchMode=yes', 'LogLevel=ERROR', 'ProxyCommand=exit 1'].flatMap((option) => [
      '-o',
      option,
    ]),
  ];
}

/** The name a client gives for a connection that is there already. */
export const connected = 'swelancer';

/** Arguments for a session that runs the reader of a remote program. */
export function sessionArguments(socket: string, { sudo = false }: SshDestinationOptions): readonly string[] {
  return [...clientArguments(socket), '--', connected, `exec ${sudo ? 'sudo -n ' : ''}sh -c '${readerText}'`];
}
