import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { ComputerInterface } from '../../../src/computer/computer-interface.js';
import { Computer } from '../../../src/computer/computer.js';
import { CommandSpawnError, ComputerLostError } from '../../../src/computer/errors.js';
import { type LinkOptions, linkedComputer } from '../../fixtures/five-methods.js';
import { recordEvents } from './fixtures/recorded-events.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

function start(options: LinkOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'swelancer-kept-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const link = linkedComputer(options);
  const events = recordEvents();
  // Those of this computer: other tests have theirs beside them.
  const names = new Set<string>();
  const noted: ComputerInterface = {
    ...link.computer,
    sendShellCommand: async (command, call) => {
      for (const [name] of command.matchAll(/\.swelancer-command-kept[0-9a-f]+/g)) names.add(name);
      return link.computer.sendShellCommand(command, call);
    },
  };
  const spools = () =>
    readdirSync('/tmp').filter((entry) => [...names].some((name) => entry.startsWith(name)));
  const computer = Computer.from(noted, { events: events.scope });
  cleanups.push(async () => {
    link.restore();
    // One that has been given back has ended everything.
    await computer.killAll().catch(() => undefined);
    await computer.cleanup();
    for (const name of spools()) rmSync(join('/tmp', name), { recursive: true });
  });
  const file = (name: string) => join(folder, name);
  return {
    ...{ link, events, computer, file },
    count: () => readFileSync(file('count'), 'utf8'),
    /** Lets `waits` go on. */
    go: () => writeFileSync(file('go'), ''),
    waits: `: >${file('ready')}; while [ ! -e ${file('go')} ]; do sleep 0.05; done`,
    isReady: () => until(() => existsSync(file('ready'))),
    counts: `echo x >>${file('count')}`,
    spools,
  };
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let attempt = 0; !isTrue(); attempt++) {
    if (attempt > 3000) throw new Error('It did not come to this.');
    await sleep(10);
  }
}

const kinds: readonly { readonly name: string; readonly options: LinkOptions }[] = [
  { name: 'calls onOutput', options: {} },
  { name: 'gives text at the end only', options: { streams: false, durability: {} } },
  {
    name: 'takes the end of its client for that of the command',
    options: { onLoss: (partial) => ({ ...partial, exitCode: 255 }) },
  },
];

describe.each(kinds)('durable commands of a computer that $name', ({ options }) => {
  it('are like any others, and leave nothing', { timeout: 60_000 }, async () => {
    const { computer, events, spools } = start(options);
    const result = await computer.sendShellCommand(
      'echo "$GREETING"; pwd; echo told >&2; cat; sleep 60 & exit 3',
      { durable: true, cwd: '/usr', env: { GREETING: "it's on" }, stdin: 'input\n' },
    );
    expect(result).toMatchObject({
      ...{ exitCode: 3, stdout: "it's on\n/usr\ninput\n", stderr: 'told\n', leftoverProcesses: 1 },
    });
    const inBash = await computer.sendShellCommand('words=(1 22); exit ${words[1]}', {
      ...{ durable: true, shell: 'bash' },
    });
    expect(inBash).toMatchObject({ exitCode: 22, leftoverProcesses: 0 });
    expect(events.of('computer.degraded')).toEqual([]);
    expect(spools()).toEqual([]);
  });

  it('run once and give all of their output over three cuts', { timeout: 90_000 }, async () => {
    const { computer, events, link, file, count, counts, spools } = start(options);
    const step = (number: number) =>
      `echo ${number}; echo e${number} >&2; : >${file(`at-${number}`)}; while [ ! -e ${file(`go-${number}`)} ]; do sleep 0.05; done`;
    let reattached = 0;
    const running = computer.sendShellCommand(`${counts}\n${[1, 2, 3].map(step).join('\n')}\ncat; exit 7`, {
      ...{ durable: true, stdin: 'the end\n' },
      onReattach: () => {
        reattached += 1;
      },
    });
    for (const number of [1, 2, 3]) {
      await until(() => existsSync(file(`at-${number}`)));
      link.cut();
      await until(() => reattached === number);
      writeFileSync(file(`go-${number}`), '');
    }
    expect(await running).toMatchObject({
      ...{ exitCode: 7, stdout: '1\n2\n3\nthe end\n', stderr: 'e1\ne2\ne3\n' },
    });
    expect(count()).toBe('x\n');
    expect(events.of('command.reattached')).toHaveLength(3);
    expect(events.of('command.finished')).toHaveLength(1);
    expect(spools()).toEqual([]);
  });

  it('never run twice when the link is cut as they start', { timeout: 90_000 }, async () => {
    const { computer, link, count, counts } = start(options);
    for (let run = 1; run <= 4; run++) {
      link.cutNextStart('swl_collect', run % 2 === 0);
      const result = await computer.sendShellCommand(`${counts}; echo done`, { durable: true });
      expect(result).toMatchObject({ exitCode: 0, stdout: 'done\n' });
      expect(count()).toBe('x\n'.repeat(run));
    }
  });

  it('are found again when they end while nobody listens', { timeout: 60_000 }, async () => {
    const { computer, link, file, isReady, waits, go } = start(options);
    const running = computer.sendShellCommand(`${waits}; printf 'a\\nb'; : >${file('over')}; exit 4`, {
      durable: true,
    });
    await isReady();
    link.cutOff();
    go();
    await until(() => existsSync(file('over')));
    link.restore();
    expect(await running).toMatchObject({ exitCode: 4, stdout: 'a\nb', stderr: '' });
  });

  it('end at their deadline while the link is lost, and later for good', { timeout: 90_000 }, async () => {
    const { computer, link, file, isReady } = start(options);
    const running = computer.sendShellCommand(`echo $$ >${file('pid')}; : >${file('ready')}; sleep 600`, {
      ...{ durable: true, timeoutMs: 3000 },
    });
    const outcome = expect(running).rejects.toMatchObject({
      ...{ code: 'command_timeout', kill: { outcome: 'unconfirmed', survivors: null } },
    });
    await isReady();
    link.cutOff();
    await outcome;
    const pid = readFileSync(file('pid'), 'utf8').trim();
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    link.restore();
    await until(() => !existsSync(`/proc/${pid}`));
  });

  it('are ended with proof by an abort', { timeout: 60_000 }, async () => {
    const { computer, isReady, file, spools } = start(options);
    const aborts = new AbortController();
    const running = computer.sendShellCommand(
      `echo $$ >${file('pid')}; echo begun; : >${file('ready')}; sleep 600 & setsid sleep 600 & wait`,
      { durable: true, signal: aborts.signal },
    );
    const outcome = expect(running).rejects.toMatchObject({
      code: 'aborted',
      kill: { outcome: 'confirmed', survivors: 0 },
      partial: { stdout: 'begun\n' },
    });
    await isReady();
    aborts.abort();
    await outcome;
    expect(existsSync(`/proc/${readFileSync(file('pid'), 'utf8').trim()}`)).toBe(false);
    expect(spools()).toEqual([]);
  });
});

it('a durable command without onOutput may write what is no UTF-8', { timeout: 60_000 }, async () => {
  const { computer } = start({ streams: false, durability: {} });
  const command = String.raw`printf 'a\377\n'; printf 'b\376\375c\n' >&2; printf '\304\n' >&2; exit 5`;
  const plain = await computer.sendShellCommand(command);
  const { exitCode, stdout, stderr } = await computer.sendShellCommand(command, { durable: true });
  expect([exitCode, stdout, stderr]).toEqual([5, plain.stdout, plain.stderr]);
});

it('a durable command runs as another user', { timeout: 60_000 }, async () => {
  const { computer, spools } = start();
  const result = await computer.sendShellCommand('id -u; cat', {
    ...{ durable: true, user: '65534', stdin: 'told' },
  });
  expect(result).toMatchObject({ exitCode: 0, stdout: '65534\ntold' });
  expect(spools()).toEqual([]);
});

it('a durable command of another user is looked after by that user where the account is not root', {
  timeout: 60_000,
}, async () => {
  const { computer, events, spools } = start({ account: '65533', durability: { spoolBytes: 2 ** 16 } });
  const options = { durable: true, user: '65534' };
  const result = await computer.sendShellCommand('id -u >&2; head -c 500000 /dev/zero', options);
  expect(result).toMatchObject({ exitCode: 0, stderr: '65534\n' });
  expect(result.captured.stdout.totalBytes).toBe(500_000);
  const endless = computer.sendShellCommand('sleep 60', { ...options, timeoutMs: 1000 });
  await expect(endless).rejects.toMatchObject({ kill: { outcome: 'confirmed' } });
  expect(spools()).toEqual([]);
  expect(events.of('computer.degraded')).toEqual([]);
});

it('durable without being asked: commands of more than a minute, where `durability` is given', async () => {
  const sentBy = async (options: LinkOptions, timeoutMs: number, durable?: boolean) => {
    const { computer, link } = start(options);
    await computer.sendShellCommand('true', { timeoutMs, durable });
    return link.sent.some((text) => text.includes('swl_collect'));
  };
  expect(await sentBy({ durability: {} }, 60_001)).toBe(true);
  expect(await sentBy({ durability: {} }, 60_000)).toBe(false);
  expect(await sentBy({ durability: {} }, 60_001, false)).toBe(false);
  expect(await sentBy({}, 60_001)).toBe(false);
  expect(await sentBy({ capabilities: { survivesLostLinks: true } }, 60_000, true)).toBe(false);
}, 60_000);

it('a durable command is given up after reattachTimeoutMs, and may still run', {
  timeout: 60_000,
}, async () => {
  const { computer, link, isReady, waits, go, file, spools } = start({
    durability: { reattachTimeoutMs: 500 },
  });
  const running = computer.sendShellCommand(`${waits}; : >${file('over')}`, { durable: true });
  const outcome = expect(running).rejects.toMatchObject({
    ...{ code: 'computer_lost', commandMayBeRunning: true },
    message: expect.stringContaining('ECONNREFUSED') as string,
  });
  await isReady();
  link.cutOff();
  await outcome;
  go();
  await until(() => existsSync(file('over')));
  // What it wrote is where the error says, until the computer is given back.
  expect(spools()).toHaveLength(1);
  link.restore();
  await computer.cleanup();
  expect(spools()).toEqual([]);
});

it('a durable command that was given up before it could begin does not begin later', {
  timeout: 60_000,
}, async () => {
  const { link } = start();
  let letThrough = () => undefined as void;
  const held = new Promise<void>((resolve) => {
    letThrough = resolve;
  });
  const { computer, counts, file, spools } = start({
    // Such a one takes no notice of a signal.
    sendShellCommand: async (command, options) => {
      if (command.includes('command -v')) await held;
      return link.computer.sendShellCommand(command, { ...options, signal: undefined });
    },
  });
  await expect(
    computer.sendShellCommand(counts, { durable: true, timeoutMs: 300, killGraceMs: 0 }),
  ).rejects.toMatchObject({ kill: { outcome: 'confirmed', survivors: 0 } });
  const sentBefore = link.sent.length;
  letThrough();
  // The folder's making, and its removal.
  await until(() => link.sent.length >= sentBefore + 2);
  await computer.cleanup();
  await until(() => spools().length === 0);
  expect(existsSync(file('count'))).toBe(false);
  expect(link.sent.some((text) => text.includes('swl_collect'))).toBe(false);
});

it.each([
  { name: 'rejects', loss: async () => Promise.reject(new Error('read ECONNRESET')) },
  { name: 'ends', loss: async () => Promise.resolve({ exitCode: 255, stdout: '', stderr: '' }) },
])(
  'a link that breaks before a durable command begins, and $name, does no harm',
  async ({ loss }) => {
    const { link } = start();
    let losses = 1;
    const { computer, events, count, counts } = start({
      sendShellCommand: async (command, options) =>
        command.includes('command -v') && losses-- > 0
          ? loss()
          : link.computer.sendShellCommand(command, options),
    });
    for (const text of ['x\n', 'x\nx\n']) {
      const result = await computer.sendShellCommand(`${counts}; exit 3`, { durable: true });
      expect(result).toMatchObject({ exitCode: 3, leftoverProcesses: 0 });
      expect(count()).toBe(text);
    }
    expect(events.of('computer.degraded')).toEqual([]);
  },
  60_000,
);

it('a computer that gives text at the end, and may cut it, keeps none unless it says it can', async () => {
  const { computer, events, link } = start({ streams: false });
  for (const exitCode of [3, 4]) {
    expect(await computer.sendShellCommand(`exit ${exitCode}`, { durable: true })).toMatchObject({
      exitCode,
    });
  }
  expect(link.sent.some((text) => text.includes('command -v'))).toBe(false);
  expect(events.of('computer.degraded')).toMatchObject([
    { reason: expect.stringContaining('neither streamsOutput nor durability') as string },
  ]);
});

it('a computer that cannot keep a command runs it as an ordinary one, and that is told once', async () => {
  const { computer, events, link } = start();
  const lacking = start({
    sendShellCommand: async (command, options) =>
      link.computer.sendShellCommand(command.replaceAll('setsid', 'no-such-program'), options),
  });
  for (const exitCode of [3, 4]) {
    expect(await lacking.computer.sendShellCommand(`exit ${exitCode}`, { durable: true })).toMatchObject({
      exitCode,
    });
  }
  expect(lacking.events.of('computer.degraded')).toMatchObject([
    { reason: expect.stringContaining('it has no no-such-program') as string },
  ]);
  const merging = start({
    sendShellCommand: async (command, options) => {
      const result = await link.computer.sendShellCommand(command, { ...options, onOutput: undefined });
      return { ...result, stdout: result.stdout + result.stderr, stderr: '' };
    },
  });
  expect(await merging.computer.sendShellCommand('echo on', { durable: true })).toMatchObject({
    stdout: 'on\n',
  });
  expect(merging.events.of('computer.degraded')).toHaveLength(1);
  expect(merging.spools()).toEqual([]);
  await computer.sendShellCommand('true', { durable: true });
  expect(events.of('computer.degraded')).toEqual([]);
}, 60_000);

it.each([
  { name: 'rejects', refuse: async () => Promise.reject(new Error('spawn E2BIG')) },
  { name: 'ends', refuse: async () => Promise.resolve({ exitCode: 126, stdout: '', stderr: 'spawn E2BIG' }) },
])(
  'a start that $name again and again runs as an ordinary command, once',
  async ({ refuse }) => {
    const { link } = start();
    const { computer, events, count, counts, spools } = start({
      sendShellCommand: async (command, options) =>
        command.includes('swl_collect') ? refuse() : link.computer.sendShellCommand(command, options),
    });
    const result = await computer.sendShellCommand(`${counts}; exit 3`, { durable: true });
    expect(result).toMatchObject({ exitCode: 3 });
    expect(count()).toBe('x\n');
    expect(events.of('computer.degraded')).toMatchObject([
      { reason: expect.stringContaining('E2BIG') as string },
    ]);
    expect(spools()).toEqual([]);
  },
  60_000,
);

it('a durable command whose machine has ended fails at once', { timeout: 30_000 }, async () => {
  const { link } = start();
  let end: (error: Error) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    end = reject;
  });
  const { computer, isReady, waits, go } = start({
    sendShellCommand: async (command, options) =>
      Promise.race([ended, link.computer.sendShellCommand(command, options)]),
  });
  const running = computer.sendShellCommand(waits, { durable: true });
  const outcome = expect(running).rejects.toMatchObject({ code: 'computer_lost', reason: 'ended' });
  await isReady();
  end(new ComputerLostError('The machine was taken away.', { reason: 'ended' }));
  await outcome;
  go();
});

it('a durable command whose call never settles ends at its deadline, with proof', {
  timeout: 60_000,
}, async () => {
  const { link } = start();
  const { computer, file } = start({
    sendShellCommand: async (command, options) =>
      command.includes('swl_collect')
        ? link.computer.sendShellCommand(command, options).then(async () => new Promise(() => undefined))
        : link.computer.sendShellCommand(command, options),
  });
  const running = computer.sendShellCommand(`echo $$ >${file('pid')}; echo on; sleep 600`, {
    ...{ durable: true, timeoutMs: 3000 },
  });
  await expect(running).rejects.toMatchObject({
    ...{ code: 'command_timeout', kill: { outcome: 'confirmed' }, partial: { stdout: 'on\n' } },
  });
  expect(existsSync(`/proc/${readFileSync(file('pid'), 'utf8').trim()}`)).toBe(false);
});

it('a durable command fails with what its input throws', { timeout: 60_000 }, async () => {
  const { computer, spools } = start();
  const stdin = (async function* () {
    yield Buffer.from(await Promise.resolve('begun'));
    throw new Error('The input is at fault.');
  })();
  const running = computer.sendShellCommand('cat', { durable: true, stdin });
  await expect(running).rejects.toThrow('The input is at fault.');
  expect(spools()).toEqual([]);
});

it('a durable command that the computer refuses fails with its reason, and with its own text', async () => {
  const { link } = start();
  const { computer, spools } = start({
    sendShellCommand: async (command, options) => {
      if (!command.includes('swl_collect')) return link.computer.sendShellCommand(command, options);
      const why = `There is no such user: ${options?.label ?? command}`;
      throw new CommandSpawnError(why, { computerId: 'own', command, reason: 'user' });
    },
  });
  await expect(computer.sendShellCommand('echo on', { durable: true })).rejects.toMatchObject({
    ...{ code: 'command_spawn', reason: 'user', command: 'echo on' },
    message: 'There is no such user: echo on',
  });
  expect(spools()).toEqual([]);
}, 60_000);

it('a cleanup ends durable commands before it gives the link back', { timeout: 60_000 }, async () => {
  const { computer, isReady, file, spools } = start();
  const running = computer.sendShellCommand(`echo $$ >${file('pid')}; : >${file('ready')}; sleep 600`, {
    durable: true,
  });
  const outcome = expect(running).rejects.toMatchObject({ code: 'computer_lost', reason: 'cleaned_up' });
  await isReady();
  await computer.cleanup();
  await outcome;
  expect(existsSync(`/proc/${readFileSync(file('pid'), 'utf8').trim()}`)).toBe(false);
  expect(spools()).toEqual([]);
});
