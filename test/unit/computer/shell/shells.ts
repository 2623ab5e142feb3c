import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from 'vitest';
import { isMissing } from '../../../fixtures/system-need.js';
import type { Environment } from '../../../../src/redaction.js';
import { localTransport } from '../../../../src/computer/local/local-transport.js';
import {
  createShellEngine,
  type ShellEngine,
  type ShellEngineOptions,
} from '../../../../src/computer/shell/shell-engine.js';
import type { ShellTransport } from '../../../../src/computer/shell/shell-transport.js';

export interface Shell {
  readonly name: string;
  /** A link named `sh`, because shells behave differently under that name. */
  readonly path: string;
  readonly missing: boolean;
  /** How the engine runs commands. Default: `exec`. */
  readonly strategy?: 'lane' | 'exec';
}

const folder = mkdtempSync(join(tmpdir(), 'swelancer-shells-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The shells that containers have as `sh`. Those that are not on this machine are skipped visibly. */
export const shells: readonly Shell[] = ['dash', 'bash', 'busybox'].map((name) => {
  const program = spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim();
  const path = join(folder, name, 'sh');
  mkdirSync(join(folder, name));
  if (program !== '') symlinkSync(program, path);
  return { name, path, missing: isMissing(program === '', `Install ${name}.`) };
});

/** Every shell with both strategies. */
export const shellsAndStrategies = shells.flatMap((shell) =>
  (['exec', 'lane'] as const).map((strategy) => ({ ...shell, strategy })),
);

export const baseEnvironment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C.UTF-8' };

const engines: ShellEngine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) {
    await engine.killAll();
    await engine.close();
  }
});

export function shellTransport(shell: Shell): ShellTransport {
  return localTransport({ shell: [shell.path], environment: baseEnvironment });
}

/** An engine over processes of this machine, closed when the test ends. */
export function startEngine(
  shell: Shell,
  options: {
    environment?: Environment;
    transport?: ShellTransport;
    killTransport?: ShellTransport;
    onDegraded?: (reason: string) => void;
    durable?: ShellEngineOptions['durable'];
    heartbeatMs?: number;
  } = {},
): ShellEngine {
  const engine = createShellEngine({
    transport: shellTransport(shell),
    workingDirectory: '/tmp',
    environment: {},
    computerId: 'computer-1',
    strategy: shell.strategy,
    ...options,
  });
  engines.push(engine);
  return engine;
}
