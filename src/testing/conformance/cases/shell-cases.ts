import { dirname } from 'node:path/posix';
import { expectEqual, expectRejection } from '../assertions.js';
import type { CaseBench, CaseDefinition } from '../case-definition.js';

async function hasBash({ run }: CaseBench): Promise<boolean> {
  return (await run('command -v bash')).exitCode === 0;
}

const kind = 'if shopt -q login_shell; then echo login; else echo plain; fi';

export const shellCases: readonly CaseDefinition[] = [
  {
    id: 'shells/bash',
    level: 1,
    title: 'a command for Bash runs in Bash, with its input and its exit code, and the next one as before',
    body: async (bench) => {
      if (!(await hasBash(bench))) bench.skip('there is no bash');
      const before = await bench.run('echo "${BASH_VERSION-none}"');
      const text = `${kind}; words=(one "two  words"); printf '%s\\n' "\${words[1]}" 'it'"'"'s \\n'; cat; exit 7`;
      const { exitCode, stdout } = await bench.run(text, { shell: 'bash', stdin: 'given\n' });
      expectEqual('What it wrote', stdout, "plain\ntwo  words\nit's \\n\ngiven\n");
      expectEqual('Its exit code', exitCode, 7);
      const after = await bench.run('echo "${BASH_VERSION-none}"');
      expectEqual('The next command', after.stdout, before.stdout);
    },
  },
  {
    id: 'shells/login',
    level: 1,
    title: 'a command for a login shell finds what the profile sets',
    body: async (bench) => {
      if (!(await hasBash(bench))) bench.skip('there is no bash');
      const home = dirname(bench.path('.profile'));
      await bench.computer.upload(Buffer.from('export FROM_PROFILE=found\n'), bench.path('.profile'));
      const { stdout } = await bench.run(`${kind}; echo "$FROM_PROFILE"`, {
        shell: 'login',
        env: { HOME: home },
      });
      await bench.run('rm .profile', { cwd: home });
      expectEqual('What it wrote', stdout, 'login\nfound\n');
    },
  },
  {
    id: 'shells/long-command',
    level: 2,
    title: 'a command of 200 KiB runs in Bash',
    body: async (bench) => {
      if (!(await hasBash(bench))) bench.skip('there is no bash');
      const { stdout } = await bench.run(`text='${'x'.repeat(200 * 1024)}'; echo "\${#text}"`, {
        shell: 'bash',
      });
      expectEqual('What it wrote', stdout, `${200 * 1024}\n`);
    },
  },
  {
    id: 'shells/missing',
    level: 1,
    title: 'a command for a shell that is not there does not run, and the error says so',
    body: async (bench) => {
      if (await hasBash(bench)) bench.skip('there is a bash');
      const command = bench.run('echo ran', { shell: 'bash' });
      await expectRejection('The command', command, { code: 'command_spawn', reason: 'shell' });
    },
  },
];
