import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandComputer } from '../../../src/computer/command/index.js';
import { processesWith, until } from '../ssh/remote-processes.js';

describe.skipIf(process.platform !== 'linux')('the lease of a computer', () => {
  test('is held on to when a place has had no room for processes for a while', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'swelancer-lease-'));
    const [client, full] = [join(folder, 'client'), join(folder, 'full')];
    const refusal = 'sh: 0: Cannot fork: Resource temporarily unavailable';
    writeFileSync(
      client,
      `#!/bin/sh\n[ -e ${full} ] && { echo >>${full}.met; echo '${refusal}' >&2; exit 2; }\nexec "$@"\n`,
    );
    chmodSync(client, 0o755);
    const id = `lease-${process.pid}`;
    const computer = await commandComputer({ prefix: [client], id });
    try {
      // Its first shells are open then.
      await computer.checkShellCommand('true');
      const isOfLease = (pid: number) =>
        readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`\0folder=/tmp/.swelancer-${id}-`);
      const shells = () => processesWith('keeper_runs').filter(isOfLease);
      const held = shells();
      expect(held).not.toEqual([]);
      writeFileSync(full, '');
      for (const pid of held) process.kill(pid, 'SIGKILL');
      const refusals = () => (existsSync(`${full}.met`) ? readFileSync(`${full}.met`).length : 0);
      await until('opening the lease again is refused, and tried on', () => refusals() > 2);
      rmSync(full);
      await until('the lease is held again', () => shells().length > 0);
    } finally {
      await computer.cleanup();
      rmSync(folder, { recursive: true });
    }
  });
});
