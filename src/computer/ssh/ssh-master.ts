import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { settledWithin } from '../deadline.js';
import { writePinnedKeys } from './host-keys.js';
import { masterArguments } from './ssh-arguments.js';
import { readFailure, type SshFailure } from './ssh-failure.js';
import type { SshDestinationOptions } from './ssh-options.js';

/** The process that holds one connection. */
export interface SshMaster {
  readonly socket: string;
  /** Resolves when the connection is gone. Never rejects. */
  readonly ended: Promise<void>;
  readonly hasEnded: () => boolean;
  /** What the client wrote, as the reason for its end. */
  readonly failure: () => Promise<SshFailure>;
  /** Ends the connection and waits for its process. Idempotent. */
  readonly close: () => Promise<void>;
}

/**
 * Runs the client beside a reader of its standard input, which ends with us however we end: an ssh that is left alone
 * would hold its connection for ever. A line orders the end; without one we were killed, and the last words of sessions
 * are still on their way. Then nobody else removes the folder of the connections.
 */
const supervisorText = `
exec 3<&0
log=$1
shift
"$@" </dev/null >/dev/null 2>"$log" 3<&- &
master=$!
(read -r _ <&3 || { sleep 2; rm -rf -- "\${log%/*}"; }; kill "$master") </dev/null >/dev/null 2>&1 &
reader=$!
wait "$master"
code=$?
kill "$reader" 2>/dev/null
exit "$code"
`;

const socketPollMs = 10;
const closeMs = 3000;

/** Connects. `folder` is short and ours alone. @throws SshConnectError, or the signal's reason */
export async function startMaster(
  options: SshDestinationOptions,
  folder: string,
  number: number,
  signal: AbortSignal,
): Promise<SshMaster> {
  const socket = join(folder, `m${number}`);
  const logFile = join(folder, `m${number}.log`);
  const knownHostsFile = await writePinnedKeys(options.hostKeys, folder);
  const program = [options.sshProgram ?? 'ssh', ...masterArguments(options, socket, knownHostsFile)];
  const supervisor = execa('sh', ['-c', supervisorText, 'sh', logFile, ...program], {
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
    buffer: false,
    reject: false,
    // Its own process group, for our last resort; and its end is ours to order, not that of a handler of execa's.
    detached: true,
    cleanup: false,
  });
  supervisor.stdin.on('error', () => undefined);
  let over = false;
  const ended = supervisor.then(() => {
    over = true;
  });
  const master: SshMaster = {
    socket,
    ended,
    hasEnded: () => over,
    failure: async () => readFailure(await readFile(logFile, 'utf8').catch(() => '')),
    close: async () => {
      supervisor.stdin.end('\n');
      if (!(await settledWithin(ended, closeMs)) && supervisor.pid !== undefined) {
        killGroup(supervisor.pid);
        await settledWithin(ended, closeMs);
      }
      await rm(socket, { force: true });
    },
  };
  try {
    await untilConnected(master, signal, options.connectTimeoutMs ?? 15_000);
    return master;
  } catch (error) {
    await master.close();
    throw error;
  }
}

/** A connection could not be made. */
export class SshConnectError extends Error {
  constructor(readonly failure: SshFailure) {
    super(failure.text);
  }
}

/** The client makes its socket once it is logged in. */
async function untilConnected(master: SshMaster, signal: AbortSignal, timeoutMs: number): Promise<void> {
  // ssh limits the connecting; the key exchange and the login come on top.
  const deadline = performance.now() + timeoutMs * 2;
  for (;;) {
    if (await exists(master.socket)) return;
    if (master.hasEnded()) {
      const failure = await master.failure();
      const isMissing =
        /\bnot found\b|No such file or directory$/m.test(failure.text) && /^sh: /m.test(failure.text);
      throw new SshConnectError(isMissing ? { ...failure, kind: 'missing' } : failure);
    }
    if (performance.now() > deadline) {
      const { text } = await master.failure();
      throw new SshConnectError({
        kind: 'network',
        text: `${text}\nThe login took longer than ${timeoutMs * 2} ms.`.trim(),
      });
    }
    await sleep(socketPollMs, undefined, { signal });
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended in the meantime.
  }
}
