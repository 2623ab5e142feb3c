import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CommandSpawnError } from '../../../../src/computer/errors.js';
import type { OutputChunk } from '../../../../src/computer/computer-interface.js';
import { Secret } from '../../../../src/redaction.js';
import { localTransport } from '../../../../src/computer/local/local-transport.js';
import { baseEnvironment, shellsAndStrategies, shellTransport, startEngine } from './shells.js';

const folder = mkdtempSync(join(tmpdir(), 'swelancer-shell-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(shellsAndStrategies)('a command in $name by $strategy', (shell) => {
  const test = it.skipIf(shell.missing);

  test('gives exit code 0 and empty output', async () => {
    const result = await startEngine(shell).sendShellCommand('true');
    expect(result).toMatchObject({ exitCode: 0, stdout: '', stderr: '', leftoverProcesses: 0 });
  });

  test.each([1, 7, 124, 126, 127, 137, 255])('gives exit code %i', async (code) => {
    expect((await startEngine(shell).sendShellCommand(`exit ${code}`)).exitCode).toBe(code);
  });

  test('for Bash runs in Bash, with its input, exit code, directory and variables', async () => {
    const text = `words=(one "two  words"); printf '%s|' "\${words[1]}" "$GIVEN" "$PWD" "$0\$"; cat; shopt -q login_shell; exit $?7`;
    expect(
      await startEngine(shell).sendShellCommand(text, {
        shell: 'bash',
        stdin: 'given\n',
        cwd: '/usr',
        env: { GIVEN: "it's" },
      }),
    ).toMatchObject({ stdout: "two  words|it's|/usr|bash$|given\n", stderr: '', exitCode: 17 });
  });

  test('for a login shell finds what the profile sets, and leaves nothing running', async () => {
    writeFileSync(join(folder, '.bash_profile'), 'export FROM_PROFILE=found\n');
    const result = await startEngine(shell).sendShellCommand(
      'shopt -q login_shell && echo "$FROM_PROFILE${swelancer_command-}"',
      { shell: 'login', env: { HOME: folder } },
    );
    expect(result).toMatchObject({ stdout: 'found\n', exitCode: 0, leftoverProcesses: 0 });
  });

  test('for Bash may be longer than an argument, and ends with all it started', async () => {
    const engine = startEngine(shell);
    const long = `text='${'x'.repeat(300_000)}'; echo "\${#text}"`;
    expect(await engine.sendShellCommand(long, { shell: 'bash' })).toMatchObject({
      stdout: '300000\n',
      leftoverProcesses: 0,
    });
    await expect(
      engine.sendShellCommand('sleep 300 & sleep 300', { shell: 'login', timeoutMs: 500, killGraceMs: 2000 }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('of 500 ms: sleep 300 & sleep 300.') as string,
      kill: { outcome: 'confirmed', survivors: 0 },
    });
  });

  test('for a shell that is not there does not run', async () => {
    const command = startEngine(shell).sendShellCommand('echo ran', {
      shell: 'bash',
      env: { PATH: '/nowhere' },
    });
    await expect(command).rejects.toMatchObject({
      code: 'command_spawn',
      reason: 'shell',
      command: 'echo ran',
    });
  });

  test('keeps the two streams apart, and a last line without an end', async () => {
    const result = await startEngine(shell).sendShellCommand('printf out; printf err >&2');
    expect(result).toMatchObject({ stdout: 'out', stderr: 'err' });
  });

  test('takes any text: quotes, backslashes, percent signs, line ends, words that printf knows', async () => {
    const text = `it's "quoted" $HOME \`x\` \\n \\\\ %s %b \\c \\0101 \ttab\r\n  two  spaces \u00fc \u{1f600}\n\n`;
    const result = await startEngine(shell).sendShellCommand(`cat <<'END'\n${text}\nEND\n`);
    expect(result).toMatchObject({ exitCode: 0, stdout: `${text}\n`, stderr: '' });
  });

  test('runs a script of several lines in order and leaves none of its own variables behind', async () => {
    const result = await startEngine(shell).sendShellCommand(
      'a=1\nfor i in 1 2; do echo "$a$i"; done\necho "${swelancer_nonce-}${swelancer_command-}$#"',
    );
    expect(result.stdout).toBe('11\n12\n0\n');
  });

  test('reports broken syntax as a failure of the command', async () => {
    const result = await startEngine(shell).sendShellCommand('echo "unbalanced');
    expect(result.exitCode).not.toBe(0);
    expect(result.stderr).not.toBe('');
  });

  test('runs in the working directory, another one, and one below it', async () => {
    const engine = startEngine(shell);
    expect((await engine.sendShellCommand('pwd')).stdout).toBe('/tmp\n');
    expect((await engine.sendShellCommand('pwd', { cwd: '/usr/bin' })).stdout).toBe('/usr/bin\n');
    expect((await engine.sendShellCommand('pwd', { cwd: folder.slice(5) })).stdout).toBe(`${folder}\n`);
  });

  test('cannot start in a directory that is not there', async () => {
    const error: unknown = await startEngine(shell)
      .sendShellCommand('true', { cwd: "/not/it's" })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CommandSpawnError);
    expect(error).toMatchObject({ reason: 'working_directory', computerId: 'computer-1' });
    expect(String(error)).toContain("/not/it's");
  });

  test("gets the environment whole, the computer's first, secrets revealed", async () => {
    const engine = startEngine(shell, { environment: { FIRST: 'computer', OTHER: 'computer' } });
    const awkward = 'a=b \'c\' "d" $e\nsecond line\n\n';
    const result = await engine.sendShellCommand('env -0; printf %s "$TOKEN"', {
      env: { FIRST: 'command', AWKWARD: awkward, TOKEN: new Secret('hunter2') },
    });
    const variables = result.stdout.split('\0');
    expect(variables).toContain('FIRST=command');
    expect(variables).toContain('OTHER=computer');
    expect(variables).toContain(`AWKWARD=${awkward}`);
    expect(variables.at(-1)).toBe('hunter2');
  });

  test('runs with names in its environment that the shell keeps for itself', async () => {
    const environment = { UID: '7', PPID: '7', OPTIND: 'none', BASHOPTS: 'none', KEPT: 'kept' };
    const engine = startEngine(shell, { environment });
    expect(await engine.sendShellCommand('echo "$KEPT"')).toMatchObject({ stdout: 'kept\n', stderr: '' });
  });

  test('refuses names in its environment that are for our own shells', async () => {
    await expect(
      startEngine(shell).sendShellCommand('true', { env: { swelancer_nonce: 'mine' } }),
    ).rejects.toMatchObject({ code: 'configuration' });
  });

  test('has its stdin closed unless it is given some', async () => {
    expect((await startEngine(shell).sendShellCommand('cat; read -r line || echo closed')).stdout).toBe(
      'closed\n',
    );
  });

  test('reads text, bytes and streams from stdin to their end', async () => {
    const engine = startEngine(shell);
    expect((await engine.sendShellCommand('cat', { stdin: 'first\nlast' })).stdout).toBe('first\nlast');
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const echoed = await engine.sendShellCommand('cat', { stdin: bytes });
    expect(Buffer.from(echoed.captured!.stdout.head)).toEqual(Buffer.from(bytes));
    const pieces = async function* () {
      for (let index = 0; index < 1000; index++) yield Buffer.alloc(10_000, index);
    };
    expect((await engine.sendShellCommand('wc -c', { stdin: pieces() })).stdout.trim()).toBe('10000000');
  });

  test('may stop reading its stdin early', async () => {
    const endless = async function* () {
      for (;;) yield Buffer.alloc(65_536, 'y\n');
    };
    expect(await startEngine(shell).sendShellCommand('head -c 2', { stdin: endless() })).toMatchObject({
      exitCode: 0,
      stdout: 'y\n',
    });
  });

  test('takes 2 MiB of text', async () => {
    const line = `echo ${'x'.repeat(95)} >/dev/null\n`;
    const result = await startEngine(shell).sendShellCommand(`${line.repeat(20_000)}echo done`);
    expect(result.stdout).toBe('done\n');
  });

  test('is in no argument of any process', async () => {
    const digits = String(Math.random()).slice(2);
    // The brackets keep grep from finding itself.
    const result = await startEngine(shell).sendShellCommand(
      `: needle${digits}; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c 'n[e]edle${digits}'`,
    );
    expect(result.stdout.trim()).toBe('0');
  });

  test('keeps the head and the tail of long output exactly, counts the rest and writes everything to the spill file', async () => {
    const spillDirectory = join(folder, shell.name);
    const result = await startEngine(shell).sendShellCommand('seq 1 400000', {
      output: { headBytes: 1000, tailBytes: 500, spillDirectory },
    });
    const whole = readFileSync(join(spillDirectory, 'stdout'));
    expect(result.captured!.stdout.totalBytes).toBe(whole.length);
    expect(whole.toString().endsWith('399999\n400000\n')).toBe(true);
    expect(Buffer.from(result.captured!.stdout.head)).toEqual(whole.subarray(0, 1000));
    expect(Buffer.from(result.captured!.stdout.tail)).toEqual(whole.subarray(-500));
  });

  test('gives its output piece by piece while it runs', async () => {
    const pieces: OutputChunk[] = [];
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const answer = async function* () {
      await released;
      yield Buffer.from('go\n');
    };
    // The command ends only because its first output came before its end.
    const result = await startEngine(shell).sendShellCommand('echo ready; read -r line; echo "$line"', {
      stdin: answer(),
      onOutput: (chunk) => {
        pieces.push(chunk);
        release();
      },
    });
    expect(Buffer.concat(pieces.map(({ bytes }) => bytes)).toString()).toBe('ready\ngo\n');
    expect(result.stdout).toBe('ready\ngo\n');
  });

  test('does not wait for a background child that holds the streams, and counts it', async () => {
    const result = await startEngine(shell).sendShellCommand('sleep 300 & echo started');
    expect(result).toMatchObject({ exitCode: 0, stdout: 'started\n', leftoverProcesses: 1 });
  });

  test('counts and ends a child of a session of its own that is replaced by a program over and over', async () => {
    const [script, pids] = [join(folder, 'replaced.sh'), join(folder, `replaced-${shell.name}`)];
    writeFileSync(script, `exec sh '${script}'\n`);
    const start = `setsid sh '${script}' </dev/null >/dev/null 2>&1 & echo $! >>'${pids}'`;
    const engine = startEngine(shell);
    const counts = new Set<number | null | undefined>();
    for (let round = 0; round < 10; round += 1) {
      counts.add((await engine.sendShellCommand(start)).leftoverProcesses);
      await engine.sendShellCommand(`kill -9 $(tail -n 1 '${pids}')`);
    }
    // Not to know it is honest where it never holds still; to have found none is not.
    counts.delete(null);
    expect([...counts]).toEqual([1]);
    await expect(
      engine.sendShellCommand(`${start}; sleep 300`, { timeoutMs: 300, killGraceMs: 0 }),
    ).rejects.toMatchObject({ kill: { outcome: 'confirmed', survivors: 0 } });
    const { stdout } = await engine.sendShellCommand(
      `grep -s '^State:' /proc/$(tail -n 1 '${pids}')/status | grep -qv Z && echo alive || echo gone`,
    );
    expect(stdout).toBe('gone\n');
  });

  test('lets a background child go on writing after the command has ended', async () => {
    const engine = startEngine(shell);
    const file = join(folder, `late-${shell.name}`);
    await engine.sendShellCommand(
      `mkfifo '${file}'; (read -r go <'${file}'; echo late; echo alive >'${file}.answer') &`,
    );
    const answer = await engine.sendShellCommand(
      `mkfifo '${file}.answer'; echo go >'${file}'; cat '${file}.answer'`,
    );
    expect(answer.stdout).toBe('alive\n');
  });

  test('counts children that left its session and closed its streams', async () => {
    const result = await startEngine(shell).sendShellCommand(
      'setsid sleep 300 >/dev/null 2>&1 </dev/null & (nohup setsid sleep 300 >/dev/null 2>&1 &)',
    );
    expect(result.leftoverProcesses).toBe(2);
  });

  test('that ends its own shell gives 128 and the signal', async () => {
    const result = await startEngine(shell).sendShellCommand('kill -9 $$');
    expect(result).toMatchObject({ exitCode: 137, stdout: '', stderr: '' });
  });

  test('may close its streams', async () => {
    expect(await startEngine(shell).sendShellCommand('exec 1>&- 2>&-; exit 3')).toMatchObject({
      exitCode: 3,
      stdout: '',
    });
  });

  test('ignores a banner in front of the output', async () => {
    const noisy = ['sh', '-c', `echo banner; echo banner >&2; exec ${shell.path} "$@"`, 'sh'];
    const transport = localTransport({ environment: baseEnvironment, shell: noisy });
    expect(
      await startEngine(shell, { transport, killTransport: shellTransport(shell) }).sendShellCommand(
        'echo out; echo err >&2',
      ),
    ).toMatchObject({
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  test('sixteen at once do not mix', async () => {
    const engine = startEngine(shell);
    const results = await Promise.all(
      Array.from({ length: 16 }, (_, index) => engine.sendShellCommand(`echo ${index}; exit ${index}`)),
    );
    expect(results.map(({ stdout, exitCode }) => [stdout, exitCode])).toEqual(
      Array.from({ length: 16 }, (_, index) => [`${index}\n`, index]),
    );
  });

  test("sees nothing of the harness's own environment", async () => {
    process.env['SWELANCER_TEST_KEY'] = 'of-the-harness';
    const { stdout } = await startEngine(shell).sendShellCommand('env');
    expect(stdout).not.toContain('of-the-harness');
    expect(stdout).toContain(`PATH=${baseEnvironment.PATH}`);
  });
});
