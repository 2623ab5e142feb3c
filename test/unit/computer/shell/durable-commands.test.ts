import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ComputerLostError } from '../../../../src/computer/errors.js';
import { localTransport } from '../../../../src/computer/local/local-transport.js';
import type { DurableOptions } from '../../../../src/computer/shell/durable/durable-options.js';
import type {
  ChannelExit,
  ShellChannel,
  ShellTransport,
} from '../../../../src/computer/shell/shell-transport.js';
import { isMissing } from '../../../fixtures/system-need.js';
import {
  baseEnvironment,
  type Shell,
  shells,
  shellsAndStrategies,
  shellTransport,
  startEngine,
} from './shells.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0).reverse()) clean();
});

function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'swelancer-durable-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A transport whose link can be cut: what is open is lost, and nothing opens until it is restored. */
function breakable(shell: Shell, inner: ShellTransport = shellTransport(shell)) {
  const open = new Set<() => void>();
  let isCut = false;
  let opened: (() => void) | undefined;
  const lost = () => new ComputerLostError('The link is cut.', { reason: 'connection' });
  const transport: ShellTransport = {
    open: async (request, call) => {
      if (isCut) throw lost();
      const channel = await inner.open(request, call);
      let lose: (exit: ChannelExit) => void = () => undefined;
      const cutOff = new Promise<ChannelExit>((resolve) => {
        lose = resolve;
      });
      const cut = () => {
        channel.destroy();
        lose({ kind: 'lost', error: lost() });
      };
      open.add(cut);
      opened?.();
      return { ...channel, exit: Promise.race([channel.exit, cutOff]) } satisfies ShellChannel;
    },
  };
  return {
    transport,
    /** Cuts the link when the next channel has been opened, before anything was said over it. */
    cutNextStart: () => {
      opened = () => {
        opened = undefined;
        for (const cut of open) cut();
        open.clear();
      };
    },
    cut: () => {
      isCut = true;
      for (const cut of open) cut();
      open.clear();
    },
    restore: () => {
      isCut = false;
    },
  };
}

function start(shell: Shell, options: Partial<DurableOptions> = {}, transport?: ShellTransport) {
  const folder = scratchFolder();
  const link = breakable(shell, transport);
  const degraded: string[] = [];
  const engine = startEngine(shell, {
    transport: link.transport,
    environment: { GREETING: "it's on" },
    onDegraded: (reason) => degraded.push(reason),
    durable: { folder, isDefault: () => true, ...options },
  });
  return { engine, link, folder, degraded };
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let attempt = 0; !isTrue(); attempt++) {
    if (attempt > 3000) throw new Error('It did not come to this.');
    await sleep(10);
  }
}

const exists = (path: string) => () => spawnSync('test', ['-e', path]).status === 0;

describe.each(shellsAndStrategies)('durable commands on $name ($strategy)', (shell) => {
  it.skipIf(shell.missing)('are like any others', { timeout: 60_000 }, async () => {
    const { engine, folder } = start(shell);
    const result = await engine.sendShellCommand(
      'echo "$GREETING $MORE"; pwd; echo told >/dev/stderr; cat; kill -INT $$; echo not reached',
      { cwd: '/usr', env: { MORE: 'and on' }, stdin: 'input\n' },
    );
    expect(result).toMatchObject({
      exitCode: 130,
      stdout: "it's on and on\n/usr\ninput\n",
      stderr: 'told\n',
      leftoverProcesses: 0,
    });
    expect((await engine.sendShellCommand('cat; exit 7')).exitCode).toBe(7);
    const inBash = await engine.sendShellCommand('shopt login_shell; words=(1 22); cat; exit ${words[1]}', {
      shell: 'login',
      env: { HOME: '/nowhere' },
      stdin: 'input\n',
    });
    expect(inBash).toMatchObject({ exitCode: 22, stdout: 'login_shell    \ton\ninput\n' });
    await expect(engine.sendShellCommand('true', { cwd: '/nowhere' })).rejects.toMatchObject({
      reason: 'working_directory',
    });
    await until(() => readdirSync(folder).length === 0);
  });

  it.skipIf(shell.missing)(
    'that a signal ends say nothing that they have not said',
    { timeout: 60_000 },
    async () => {
      const { engine } = start(shell);
      for (const [signal, exitCode] of [
        ['KILL', 137],
        ['TERM', 143],
        ['SEGV', 139],
      ] as const) {
        const result = await engine.sendShellCommand(`echo out; echo told >&2; kill -${signal} $$`);
        expect(result).toMatchObject({ exitCode, stdout: 'out\n', stderr: 'told\n' });
      }
    },
  );

  it.skipIf(shell.missing)(
    'run once and give all of their output when the link is lost',
    { timeout: 60_000 },
    async () => {
      const { engine, link } = start(shell);
      const folder = scratchFolder();
      let pieces = 0;
      let reattached = 0;
      const running = engine.sendShellCommand(
        `echo x >>${folder}/count; printf 'a\\0\\377\\n'; : >${folder}/ready
while [ ! -e ${folder}/go ]; do sleep 0.05; done; echo more >&2; head -c 2000000 /dev/zero; cat; exit 3`,
        {
          stdin: 'the end',
          onReattach: () => {
            reattached += 1;
          },
          onOutput: ({ bytes }) => {
            pieces += bytes.length;
          },
        },
      );
      await until(() => pieces === 4);
      link.cut();
      link.restore();
      await until(() => reattached === 1);
      link.cut();
      writeFileSync(join(folder, 'go'), '');
      await sleep(300);
      link.restore();
      const result = await running;
      expect(result).toMatchObject({ exitCode: 3, stderr: 'more\n' });
      expect(result.captured?.stdout.totalBytes).toBe(4 + 2_000_000 + 'the end'.length);
      expect(Buffer.from(result.captured!.stdout.head).subarray(0, 4)).toEqual(
        Buffer.from('a\0\xff\n', 'latin1'),
      );
      expect(result.stdout.endsWith('the end')).toBe(true);
      expect(pieces).toBe(4 + 2_000_000 + 'the end'.length + 'more\n'.length);
      expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('x\n');
    },
  );

  it.skipIf(shell.missing)(
    'of which more is waiting than may be kept wait, and lose nothing',
    { timeout: 60_000 },
    async () => {
      const { engine, link, folder } = start(shell, { spoolBytes: 256 * 1024 });
      const running = engine.sendShellCommand('head -c 4000000 /dev/zero; echo done');
      await until(() => readdirSync(folder).some((name) => exists(`${folder}/${name}/stdout.0`)()));
      link.cut();
      await sleep(500);
      const sizes = readdirSync(folder, { recursive: true }).map(
        (name) => statSync(join(folder, String(name))).size,
      );
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1024 * 1024);
      link.restore();
      const { exitCode, captured } = await running;
      expect(exitCode).toBe(0);
      expect(captured?.stdout.totalBytes).toBe(4_000_005);
    },
  );
});

const [dash] = shells;

describe.each(['exec', 'lane'] as const)('durable commands under the %s strategy', (strategy) => {
  const shell: Shell = { ...dash!, strategy };

  it('run once when the link is lost at their start', { timeout: 60_000 }, async () => {
    const { engine, link } = start(shell);
    const folder = scratchFolder();
    if (strategy === 'lane') await engine.sendShellCommand('true', { durable: false });
    for (let round = 1; round <= 5; round++) {
      link.cutNextStart();
      const running = engine.sendShellCommand(`echo x >>${folder}/count; echo out`, {
        ...(strategy === 'lane' && { stdin: 'x' }),
      });
      expect(await running).toMatchObject({ exitCode: 0, stdout: 'out\n' });
      expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('x\n'.repeat(round));
    }
  });

  it('run once when their start was taken for lost and is only slow', { timeout: 60_000 }, async () => {
    const folder = scratchFolder();
    // The first to make a folder waits until it is told to go on.
    writeFileSync(
      join(folder, 'mkdir'),
      `#!/bin/sh
if [ ! -e ${folder}/first ]; then : >${folder}/first; while [ ! -e ${folder}/go ]; do sleep 0.05; done; fi
PATH=/bin:/usr/bin exec mkdir "$@"
`,
      { mode: 0o755 },
    );
    const environment = { ...baseEnvironment, PATH: `${folder}:${baseEnvironment.PATH}` };
    const slow = localTransport({ shell: [shell.path], environment });
    const { engine, link } = start(shell, {}, slow);
    const running = engine.sendShellCommand(`echo x >>${folder}/count`);
    await until(exists(`${folder}/first`));
    link.cut();
    link.restore();
    expect(await running).toMatchObject({ exitCode: 0 });
    writeFileSync(join(folder, 'go'), '');
    await sleep(1000);
    expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('x\n');
  });

  it('that cannot be reached again are lost, and may still run', { timeout: 60_000 }, async () => {
    const { engine, link } = start(shell, { reattachTimeoutMs: 500 });
    const running = engine.sendShellCommand('echo here; sleep 300', { onOutput: () => link.cut() });
    await expect(running).rejects.toMatchObject({
      code: 'computer_lost',
      commandMayBeRunning: true,
      message: expect.stringContaining('may still run'),
    });
    link.restore();
  });

  it('whose files are gone are lost, not started again', { timeout: 60_000 }, async () => {
    const { engine, link, folder } = start(shell);
    const running = engine.sendShellCommand('echo here; sleep 300', { onOutput: () => link.cut() });
    running.catch(() => undefined);
    await until(() => readdirSync(folder).length > 0);
    await sleep(500);
    rmSync(folder, { recursive: true });
    link.restore();
    await expect(running).rejects.toMatchObject({ code: 'computer_lost', reason: 'removed' });
  });

  it('have no exit code where somebody else has written one', { timeout: 60_000 }, async () => {
    const { engine, folder } = start(shell);
    const running = engine.sendShellCommand('echo started; exec sleep 300', {
      onOutput: () => {
        for (const name of readdirSync(folder)) writeFileSync(join(folder, name, 'exit.000000000000'), '');
      },
    });
    expect(await running).toMatchObject({ exitCode: null, stdout: 'started\n', leftoverProcesses: 0 });
  });

  it('whose output could not be kept fail, and do not seem whole', { timeout: 60_000 }, async () => {
    const { engine, folder } = start(shell);
    const scratch = scratchFolder();
    const running = engine.sendShellCommand(
      `: >${scratch}/ready; while [ ! -e ${scratch}/go ]; do sleep 0.05; done; echo lost`,
    );
    running.catch(() => undefined);
    await until(exists(`${scratch}/ready`));
    const [name = ''] = readdirSync(folder);
    process.kill(Number(readFileSync(join(folder, name, 'stdout.collector'), 'utf8')), 'SIGKILL');
    spawnSync('pkill', ['-f', `of=${folder}/${name}/stdout`]);
    writeFileSync(join(scratch, 'go'), '');
    const lost = expect.stringMatching(/the processes that kept it were ended/) as string;
    await expect(running).rejects.toMatchObject({ code: 'remote_file', message: lost });
  });

  it('are ended by a deadline after the link was lost', { timeout: 60_000 }, async () => {
    const { engine, link } = start(shell);
    let isCut = false;
    const running = engine.sendShellCommand('echo here; sleep 300', {
      timeoutMs: 3000,
      onOutput: () => {
        if (!isCut) link.cut();
        isCut = true;
        link.restore();
      },
    });
    await expect(running).rejects.toMatchObject({
      code: 'command_timeout',
      partial: { stdout: 'here\n' },
      kill: { outcome: 'confirmed' },
    });
  });

  it('run as ordinary ones where there is no place for their files', { timeout: 60_000 }, async () => {
    const { engine, degraded } = start(shell, { folder: '/nowhere/at/all' });
    expect(await engine.sendShellCommand('echo on')).toMatchObject({ exitCode: 0, stdout: 'on\n' });
    expect(degraded.join()).toContain('could not be made durable');
  });
});

const noMount = isMissing(
  spawnSync('unshare', ['--mount', 'true']).status !== 0,
  'A mount namespace needs root and `unshare`: install util-linux.',
);

it.skipIf(noMount)(
  'a full disk fails a durable command, whatever its exit code [needs root]',
  { timeout: 60_000 },
  async () => {
    const shell: Shell = { ...dash!, strategy: 'exec' };
    const folder = scratchFolder();
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', folder]);
    cleanups.push(() => spawnSync('umount', ['-l', folder]));
    const engine = startEngine(shell, { durable: { folder, isDefault: () => true } });
    await expect(engine.sendShellCommand('head -c 2000000 /dev/zero; exit 0')).rejects.toMatchObject({
      code: 'remote_file',
      reason: 'no_space',
    });
  },
);
