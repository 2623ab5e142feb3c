import { shellQuote } from '../../../computer/shell-quote.js';
import { expectEqual, expectRejection, expectThat } from '../assertions.js';
import type { CaseDefinition } from '../case-definition.js';

export const commandCases: readonly CaseDefinition[] = [
  {
    id: 'commands/success',
    level: 0,
    title: 'a command that succeeds has exit code 0 and no output',
    body: async ({ run }) => {
      const { exitCode, stdout, stderr } = await run('true');
      expectEqual('The result', { exitCode, stdout, stderr }, { exitCode: 0, stdout: '', stderr: '' });
    },
  },
  {
    id: 'commands/exit-code',
    level: 0,
    title: 'a command that fails gives its exit code and does not throw',
    body: async ({ run }) => expectEqual('The exit code', (await run('exit 7')).exitCode, 7),
  },
  {
    id: 'commands/ended-by-signal',
    level: 0,
    title: 'a command that KILL ended has exit code 137, as shells say it, or null where that is not known',
    body: async ({ run }) => {
      const { exitCode } = await run('kill -9 $$');
      expectThat(
        exitCode === 137 || exitCode === null,
        `A command that was killed has exit code ${exitCode}; give 137, or null for unknown.`,
      );
    },
  },
  {
    id: 'commands/both-streams',
    level: 0,
    title: 'standard output and standard error are told apart',
    body: async ({ run }) => {
      const { stdout, stderr } = await run('echo to-out; echo to-err >&2');
      expectEqual('The output', { stdout, stderr }, { stdout: 'to-out\n', stderr: 'to-err\n' });
    },
  },
  {
    id: 'commands/output-as-written',
    level: 0,
    title: 'output is neither trimmed nor completed',
    body: async ({ run }) => {
      expectEqual('Output', (await run("printf '\\n  two  \\n\\n'")).stdout, '\n  two  \n\n');
      expectEqual('Output without a newline', (await run('printf no-newline')).stdout, 'no-newline');
      const print = "printf 'one\\r\\ntwo\\r\\n\\r'";
      const { stdout, stderr } = await run(`${print}; ${print} >&2`);
      const returns = 'one\r\ntwo\r\n\r';
      expectEqual('Output with carriage returns', { stdout, stderr }, { stdout: returns, stderr: returns });
    },
  },
  {
    id: 'commands/once',
    level: 0,
    timeoutMs: 300_000,
    title: 'a command runs exactly once, whatever its exit code',
    body: async ({ run, path }) => {
      // What clients and supervisors say of themselves is among them.
      for (const exitCode of [0, 1, 2, 124, 125, 126, 127, 130, 137, 143, 254, 255]) {
        const log = path(`log-${exitCode}`);
        await run(`echo ran >>${shellQuote(log)}; exit ${exitCode}`);
        const { stdout } = await run(`cat ${shellQuote(log)}`);
        expectEqual(`The log of a command that exits with ${exitCode}`, stdout, 'ran\n');
      }
    },
  },
  {
    id: 'commands/check-passes',
    level: 0,
    title: 'checkShellCommand gives the result of a command that succeeds',
    body: async ({ implementation }) => {
      const { exitCode, stdout } = await implementation.checkShellCommand('echo fine', { timeoutMs: 60_000 });
      expectEqual('The result', { exitCode, stdout }, { exitCode: 0, stdout: 'fine\n' });
    },
  },
  {
    id: 'commands/check-throws',
    level: 0,
    title: 'checkShellCommand throws CommandFailedError with the result of a command that fails',
    body: async ({ implementation, computer }) => {
      for (const subject of [implementation, computer]) {
        const error = await expectRejection(
          'checkShellCommand of a command that exits with 3',
          subject.checkShellCommand('echo why >&2; exit 3', { timeoutMs: 60_000 }),
          { code: 'command_failed' },
        );
        // The code says that it is a CommandFailedError, perhaps of another copy of this package.
        const { result } = error as { result: { exitCode: unknown; stderr: unknown } };
        expectEqual('Its result', [result.exitCode, result.stderr], [3, 'why\n']);
      }
    },
  },
  {
    id: 'commands/result-types',
    level: 1,
    title: 'exit codes are numbers or null, and output is text',
    body: async ({ implementation }) => {
      const { exitCode, stdout, stderr } = await implementation.sendShellCommand('exit 5', {
        timeoutMs: 60_000,
      });
      expectEqual(
        'The types',
        [typeof exitCode, typeof stdout, typeof stderr],
        ['number', 'string', 'string'],
      );
    },
  },
];
