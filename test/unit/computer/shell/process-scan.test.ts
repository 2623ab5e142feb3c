import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { scanFunction } from '../../../../src/computer/shell/process-scan.js';
import { baseEnvironment, shells } from './shells.js';

describe.each(shells)('a look at processes in $name', (shell) => {
  it.skipIf(shell.missing)('ends where reading fails, as it does when a process ends just then', () => {
    // A directory can be opened and not be read either.
    const look =
      'line=before; swelancer_read_stat </; swelancer_read_environment </; echo "[${text# }] $empty"';
    const { stdout, signal } = spawnSync(shell.path, ['-c', `${scanFunction}\n${look}`], {
      env: baseEnvironment,
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect({ stdout, signal }).toEqual({ stdout: '[] yes\n', signal: null });
  });
});
