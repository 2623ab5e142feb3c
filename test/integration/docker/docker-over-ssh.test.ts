import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { dockerRuntime } from '../../../src/computer/docker/index.js';
import { describeDocker, expectNothingLeft, testRequest } from '../../fixtures/docker.js';
import { hasSshServer, startSshServer } from '../../fixtures/ssh-server.js';

const mark = randomUUID();
const labels = { 'swelancer.test': mark };
const emit = () => undefined;

describeDocker('an engine behind ssh', () => {
  expectNothingLeft(`swelancer.test=${mark}`);

  test.skipIf(!hasSshServer)(
    `is reached through one forwarded socket${hasSshServer ? '' : ' [skipped: no sshd, or not root]'}`,
    async () => {
      await using server = await startSshServer();
      const { destination, port, identityFile } = server.options;
      const host = destination.slice(destination.indexOf('@') + 1);
      const folder = mkdtempSync(join(tmpdir(), 'swelancer-ssh-'));
      // What a user has in the client's configuration: the key and the host key.
      const wrapper = join(folder, 'ssh');
      const known = join(folder, 'known_hosts');
      writeFileSync(known, `[${host}]:${port ?? 22} ${server.hostKey}\n`);
      writeFileSync(
        wrapper,
        `#!/bin/sh\nexec /usr/bin/ssh -i ${identityFile ?? ''} -o UserKnownHostsFile=${known} "$@"\n`,
      );
      chmodSync(wrapper, 0o755);
      vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
      try {
        const address = `ssh://${destination}:${port ?? 22}`;
        const computer = await dockerRuntime({ labels, host: address }).start(testRequest(), { emit });
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
      } finally {
        vi.unstubAllEnvs();
        rmSync(folder, { recursive: true });
      }
    },
  );

  test('that does not let us in is told with the words of ssh', async () => {
    const failure = dockerRuntime({ host: 'ssh://nobody@127.0.0.1:1' }).start(testRequest(), { emit });
    await expect(failure).rejects.toMatchObject({ code: 'computer_start', reason: 'engine_unreachable' });
    await expect(failure).rejects.toThrow(/Connection refused/);
  });
});
