import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { hasSshServer, startSshServer } from '../test/fixtures/openssh-server.js';
import { Computer } from 'swelancer';
import { type SshDestinationOptions, sshComputer } from 'swelancer/ssh';

/** Why there is nothing to log in to. */
export async function missingSsh(): Promise<string | undefined> {
  return hasSshServer ? undefined : 'there is no sshd (apt-get install openssh-server), or this is not root';
}

/** A server on this machine, and ways to it. */
export interface SshPlace extends AsyncDisposable {
  readonly computer: Computer;
  readonly destination: string;
  /** Options of the `ssh` client, for a connection of its own. */
  readonly fresh: readonly string[];
  /** Options of the `ssh` client, over a connection that stands. */
  readonly multiplexed: readonly string[];
}

export async function sshPlace({
  startUpFiles = false,
}: {
  /** Whether sessions go through the account's own start-up files, as Bash does. Default: no. */
  readonly startUpFiles?: boolean;
} = {}): Promise<SshPlace> {
  const ends: (() => Promise<unknown>)[] = [];
  const dispose = async () => {
    for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
  };
  try {
    const configuration = [
      // `scp` transfers over SFTP.
      'Subsystem sftp internal-sftp',
      // Sixteen clients at once over the connection that stands: servers allow ten sessions unless told otherwise.
      'MaxSessions 100',
      ...(startUpFiles ? ['SetEnv SHLVL=0'] : []),
    ];
    const server = await startSshServer({ configuration });
    ends.push(async () => server[Symbol.asyncDispose]());
    const { destination } = server.options;
    const folder = await mkdtemp(join(tmpdir(), 'swelancer-bench-'));
    ends.push(async () => rm(folder, { recursive: true, force: true }));
    const fresh = await clientOptions(server.options, folder);
    const socket = join(folder, 'master');
    const master = spawn('ssh', [...fresh, '-N', '-M', '-S', socket, destination], { stdio: 'ignore' });
    const ended = once(master, 'exit');
    ends.push(async () => {
      master.kill();
      await ended;
    });
    const multiplexed = [...fresh, '-o', `ControlPath=${socket}`];
    const check = ['ssh', [...multiplexed, '-O', 'check', destination], { reject: false }] as const;
    while ((await execa(...check)).exitCode !== 0) {
      if (master.exitCode !== null) throw new Error('The connection that is to be shared could not be made.');
    }
    const options = { ...server.options, entryCommand: false, workingDirectory: '/tmp' } as const;
    const computer = Computer.from(await sshComputer(options));
    ends.push(async () => computer.cleanup());
    return { computer, destination, fresh, multiplexed, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function clientOptions(options: SshDestinationOptions, folder: string): Promise<readonly string[]> {
  const { destination, port = 22, identityFile = '', hostKeys } = options;
  const host = destination.replace(/^.*@/, '');
  const key = typeof hostKeys === 'object' ? String(hostKeys.pinned) : '';
  const known = join(folder, 'known_hosts');
  await writeFile(known, `[${host}]:${port} ${key}\n`);
  const settings = {
    BatchMode: 'yes',
    UserKnownHostsFile: known,
    IdentityFile: identityFile,
    Port: String(port),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return ['-F', '/dev/null', ...flags];
}
