import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { existsSync } from 'node:fs';

/** Milliseconds for the connection and the log-in. */
const openTimeoutMs = 30_000;
const lookEveryMs = 50;
/** Milliseconds between tries to open a forward again, at first and at most: durable commands are looked for a minute long. */
const firstPauseMs = 500;
const longestPauseMs = 5000;
const defaultSocket = '/var/run/docker.sock';

/**
 * Runs `ssh`, then removes the folder of its socket. The remote end waits for the end of our input, which comes when
 * this process has ended, and then stays a little for the crash reaper's calls.
 */
const forwardText = `folder=$1; shift
ssh "$@" 'cat >/dev/null; sleep 15' >/dev/null
rm -rf "$folder"`;

interface Forward {
  readonly folder: string;
  readonly socket: string;
  /** Of `ssh`. */
  readonly parameters: readonly string[];
}

/**
 * Forwards a local socket to the engine's on another machine with one `ssh`, which honours the user's configuration,
 * agents and jump hosts and never asks. (dockerode's own SSH opens a connection for every request, which servers refuse.)
 * One that ends is opened again at the same place, for as long as this process lives.
 * @returns the path of the local socket
 */
export async function forwardOverSsh(host: string, signal: AbortSignal | undefined): Promise<string> {
  const url = new URL(host);
  const folder = await mkdtemp(join(tmpdir(), 'swelancer-docker-'));
  const socket = join(folder, 'docker.sock');
  const remote = url.pathname.length > 1 ? url.pathname : defaultSocket;
  // The brackets of an IPv6 address belong to the URL.
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const destination = url.username === '' ? name : `${decodeURIComponent(url.username)}@${name}`;
  const parameters = [
    ...['-T', '-o', 'BatchMode=yes', '-o', 'ExitOnForwardFailure=yes', '-o', 'ControlPath=none'],
    ...['-o', 'ServerAliveInterval=15', '-o', 'ServerAliveCountMax=3'],
    ...['-L', `${socket}:${remote}`, ...(url.port === '' ? [] : ['-p', url.port]), '--', destination],
  ];
  await openForward({ folder, socket, parameters }, { signal });
  return socket;
}

/** With `ref: false` it keeps no process alive. @throws an error with the words of ssh, or the signal's reason */
async function openForward(
  forward: Forward,
  waiting: { readonly signal?: AbortSignal | undefined; readonly ref?: boolean },
): Promise<void> {
  const { folder, socket, parameters } = forward;
  const ssh = spawn('sh', ['-c', forwardText, 'sh', folder, ...parameters], {
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let failure: string | undefined;
  let isOpen = false;
  ssh.on('error', (error) => {
    failure = error.message;
  });
  if (ssh.pid === undefined) {
    // It has no streams then, whatever its types say.
    await once(ssh, 'error').catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
    throw new Error(failure ?? 'sh could not be started');
  }
  // It ends when this process does, and must not keep it alive.
  ssh.unref();
  for (const stream of [ssh.stdin, ssh.stderr]) if (stream instanceof Socket) stream.unref();
  let words = '';
  ssh.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-2000);
  });
  ssh.on('exit', () => {
    failure ??= words.trim() || 'ssh ended';
    if (isOpen) void openAgain(forward);
  });
  ssh.stdin.on('error', () => undefined);
  const giveUpAt = performance.now() + openTimeoutMs;
  try {
    while (!existsSync(socket)) {
      if (failure !== undefined) throw new Error(failure);
      if (performance.now() > giveUpAt) throw new Error(`ssh did not connect within ${openTimeoutMs} ms`);
      await wait(lookEveryMs, undefined, waiting);
    }
    isOpen = true;
  } catch (error) {
    ssh.stdin.destroy();
    killGroup(ssh);
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Until then the engine cannot be reached, which whoever calls it is told. */
async function openAgain(forward: Forward): Promise<void> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    await wait(pauseMs, undefined, { ref: false });
    try {
      // What was left of it by a shell that was killed. Where somebody else has made one meanwhile, neither works.
      await rm(forward.folder, { recursive: true, force: true });
      await mkdir(forward.folder, { mode: 0o700 });
      await openForward(forward, { ref: false });
      return;
    } catch {
      // It is tried again.
    }
  }
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGTERM');
  } catch {
    // It has ended in the meantime.
  }
}
