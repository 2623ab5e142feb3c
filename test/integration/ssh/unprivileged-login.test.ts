import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ComputerInterface, packTree } from '../../../src/computer/index.js';
import { sshComputer } from '../../../src/computer/ssh/index.js';
import { describeSsh, type SshServer, startSshServer } from '../../fixtures/ssh-server.js';

describeSsh('a login without privileges', () => {
  let server: SshServer;
  let computer: ComputerInterface;
  beforeAll(async () => {
    server = await startSshServer({ user: 'swelancer-guest' });
    computer = await sshComputer({ ...server.options, workingDirectory: '/tmp', entryCommand: false });
  });
  afterAll(async () => {
    await computer.cleanup();
    await server[Symbol.asyncDispose]();
  });

  const begin = async (command: string) => {
    let begun: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const result = computer.sendShellCommand(command, { onOutput: begun });
    result.catch(begun);
    await waiting;
    return { result };
  };

  test('whose commands kill all they may tells their fate, and works on', async () => {
    expect((await computer.sendShellCommand('id -un')).stdout).toBe('swelancer-guest\n');
    const bystander = await begin('echo begun; sleep 600');
    const killer = computer.sendShellCommand('echo before; kill -9 -1; exit 0');
    // The server's own process for this login is among the killed, and with it the connection.
    const lost = { code: 'computer_lost', reason: 'connection', commandMayBeRunning: true };
    await Promise.all([
      expect(killer).rejects.toMatchObject(lost),
      expect(bystander.result).rejects.toMatchObject(lost),
    ]);
    const next = await computer.sendShellCommand('echo on');
    expect(next).toMatchObject({ exitCode: 0, stdout: 'on\n' });
  });

  test('runs `pkill -9 -f node` like any other command', async () => {
    const command = `'${process.execPath}' -e 'setInterval(() => undefined, 1e6)' & node=$!
pkill -9 -f node; echo "pkill $?"; wait $node; exit $?`;
    const result = await computer.sendShellCommand(command);
    expect(result).toMatchObject({ exitCode: 137, stdout: 'pkill 0\n' });
    expect((await computer.sendShellCommand('echo on')).stdout).toBe('on\n');
  });

  test('takes a tree with folders that nobody may write to', async () => {
    const local = await mkdtemp(join(tmpdir(), 'swelancer-closed-'));
    const remote = `/tmp/swelancer-closed-${process.pid}`;
    try {
      await mkdir(join(local, 'closed/inner'), { recursive: true });
      await mkdir(join(local, 'open'));
      for (const name of ['closed/file', 'closed/inner/file', 'open/file'])
        await writeFile(join(local, name), name);
      await chmod(join(local, 'closed/inner'), 0o500);
      await chmod(join(local, 'closed'), 0o555);
      await computer.uploadTree?.(packTree(local), remote);
      const list = `cd ${remote} && stat -c '%a %n' closed closed/inner open && cat closed/file closed/inner/file`;
      expect(await computer.sendShellCommand(list)).toMatchObject({
        stdout: '555 closed\n500 closed/inner\n755 open\nclosed/fileclosed/inner/file',
        stderr: '',
      });
    } finally {
      await computer.sendShellCommand(`chmod -R u+w ${remote}; rm -rf ${remote}`);
      await rm(local, { recursive: true });
    }
  });
});
