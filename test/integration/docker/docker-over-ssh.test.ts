import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { Computer } from '../../../src/computer/computer.js';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { describeDocker, expectNothingLeft, testRequest } from '../../fixtures/docker.js';
import { hasSshServer, startSshServer } from '../../fixtures/ssh-server.js';

const mark = randomUUID();
const labels = { 'swelancer.test': mark };
const emit = () => undefined;
const need = hasSshServer ? '' : ' [skipped: no sshd, or not root]';

/** Nobody may be there to reap it. */
function hasEnded(status: string): boolean {
  return !existsSync(status) || /^State:\s*Z/m.test(readFileSync(status, 'utf8'));
}

/** This machine's engine behind an SSH server, with what a user has in the client's configuration: the key and the host key. */
async function engineOverSsh() {
  const server = await startSshServer();
  const { destination, port, identityFile } = server.options;
  const host = destination.slice(destination.indexOf('@') + 1);
  const folder = mkdtempSync(join(tmpdir(), 'swelancer-ssh-'));
  const [wrapper, known] = [join(folder, 'ssh'), join(folder, 'known_hosts')];
  const clients = join(folder, 'clients');
  writeFileSync(known, `[${host}]:${port ?? 22} ${server.hostKey}\n`);
  writeFileSync(
    wrapper,
    `#!/bin/sh
echo $$ >>${clients}
exec /usr/bin/ssh -i ${identityFile ?? ''} -o UserKnownHostsFile=${known} "$@"
`,
  );
  chmodSync(wrapper, 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
  return {
    host: `ssh://${destination}:${port ?? 22}`,
    /** As a network that is gone for longer than ssh waits. */
    endForward: async () => {
      for (const pid of readFileSync(clients, 'utf8').trim().split('\n')) {
        // One that has failed already is of a forward that another test left behind.
        if (hasEnded(`/proc/${pid}/status`)) continue;
        // With the shell that would tidy up after it.
        const [, shell] = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
        for (const each of [shell, pid]) process.kill(Number(each), 'SIGKILL');
        await vi.waitFor(() => expect(hasEnded(`/proc/${pid}/status`)).toBe(true));
      }
    },
    [Symbol.asyncDispose]: async () => {
      vi.unstubAllEnvs();
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

describeDocker('an engine behind ssh', () => {
  expectNothingLeft(`swelancer.test=${mark}`);

  test.skipIf(!hasSshServer)(`is reached through one forwarded socket${need}`, async () => {
    await using engine = await engineOverSsh();
    const computer = await dockerRuntime({ labels, host: engine.host }).start(testRequest(), { emit });
    try {
      const results = await Promise.all(
        Array.from(
          { length: 12 },
          async (_, index) => (await computer.sendShellCommand(`echo ${index}`)).stdout,
        ),
      );
      expect(results).toEqual(Array.from({ length: 12 }, (_, index) => `${index}\n`));
      await computer.upload(new Uint8Array(1_000_000), '/inside/file');
      expect(await computer.download('/inside/file')).toHaveLength(1_000_000);
    } finally {
      await computer.cleanup();
    }
  });

  test.skipIf(!hasSshServer)(
    `is reached again when the forward has ended, and a long command is collected${need}`,
    { timeout: 120_000 },
    async () => {
      await using engine = await engineOverSsh();
      const runtime = dockerRuntime({ labels, host: engine.host });
      const computer = Computer.from(await runtime.start(testRequest(), { emit }));
      try {
        let onBegun: () => void = () => undefined;
        const begun = new Promise<void>((resolve) => {
          onBegun = resolve;
        });
        const command = computer.sendShellCommand(
          'echo begun; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo done; exit 3',
          { timeoutMs: 100_000, onOutput: () => onBegun() },
        );
        await begun;
        await engine.endForward();
        await vi.waitFor(async () => computer.sendShellCommand('touch /tmp/go'), { timeout: 60_000 });
        expect(await command).toMatchObject({ exitCode: 3, stdout: 'begun\ndone\n' });
        await using next = Computer.from(await runtime.start(testRequest(), { emit }));
        expect((await next.sendShellCommand('echo next')).stdout).toBe('next\n');
      } finally {
        await computer.cleanup();
      }
    },
  );

  test('that does not let us in is told with the words of ssh', async () => {
    const failure = dockerRuntime({ host: 'ssh://nobody@127.0.0.1:1' }).start(testRequest(), { emit });
    await expect(failure).rejects.toMatchObject({ code: 'computer_start', reason: 'engine_unreachable' });
    await expect(failure).rejects.toThrow(/Connection refused/);
  });
});
