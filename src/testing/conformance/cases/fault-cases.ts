import type { CompletedCommand } from '../../../computer/completed-command.js';
import { Computer } from '../../../computer/computer.js';
import type { ComputerLostError } from '../../../computer/errors.js';
import { createEventScope } from '../../../events/event-scope.js';
import type { SweLancerError } from '../../../errors.js';
import { shellQuote } from '../../../computer/shell-quote.js';
import {
  ConformanceFailure,
  expectedLater,
  expectEqual,
  expectRejection,
  expectSoon,
} from '../assertions.js';
import type { CaseBench, CaseDefinition } from '../case-definition.js';

export const faultCases: readonly CaseDefinition[] = [
  {
    id: 'faults/listener',
    level: 3,
    title: 'an onOutput function that throws is reported and changes nothing',
    expectsDiagnostics: true,
    body: async ({ run, events }) => {
      const { exitCode, stdout } = await run('echo one; echo two; exit 2', {
        onOutput: () => {
          throw new Error('The listener throws, as the case wants it.');
        },
      });
      expectEqual('The result', [exitCode, stdout], [2, 'one\ntwo\n']);
      const count = events.filter(({ type }) => type === 'diagnostic').length;
      expectEqual('The number of diagnostics', count, 1);
    },
  },
  {
    id: 'faults/event-outlet',
    level: 3,
    title: 'an event sink that throws changes nothing',
    body: async ({ implementation }) => {
      const scope = createEventScope(() => {
        throw new Error('The sink throws, as the case wants it.');
      });
      const computer = Computer.from(implementation, { events: scope, owned: false });
      expectEqual(
        'The output',
        (await computer.sendShellCommand('echo on', { timeoutMs: 60_000 })).stdout,
        'on\n',
      );
    },
  },
  {
    id: 'faults/machine-killed',
    level: 3,
    title: 'a command whose machine dies fails with ComputerLostError, and so does all that follows',
    requires: ['killMachine', 'processes', 'concurrentCommands'],
    ownComputer: {},
    endsComputer: true,
    body: async ({ run, computer, implementation, options, processes }) => {
      const outcome = expectedLater(
        expectRejection('The command', run('sleep 300'), { code: 'computer_lost' }),
      );
      await expectSoon('the command runs', async () => (await processes()) > 0);
      await options.faults?.killMachine?.(implementation);
      await outcome;
      await expectRejection('The next command', run('true'), { code: 'computer_lost' });
      await expectRejection('A download', computer.download('/etc/passwd', { timeoutMs: 30_000 }));
      // Over a link nobody can tell a machine that is gone from one that is out of reach, on which it all may run on.
      const cleanup: unknown = await computer.cleanup({ timeoutMs: 20_000 }).catch((error: unknown) => error);
      if (cleanup !== undefined) expectEqual('The code of the cleanup', codeOf(cleanup), 'cleanup');
    },
  },
  {
    id: 'faults/link-lost',
    level: 3,
    title:
      'a command that loses its link ends with its own result or with ComputerLostError which says that it may still run, and runs once',
    requires: ['cutLink', 'processes', 'concurrentCommands'],
    ownComputer: {},
    timeoutMs: 240_000,
    body: async (bench) => {
      const { outcome, lines } = await loseLink(bench, false);
      if (!(outcome instanceof Error)) {
        expectResult(outcome, lines);
        return;
      }
      const { code, commandMayBeRunning } = outcome as Partial<ComputerLostError>;
      expectEqual('How the command failed', [code, commandMayBeRunning], ['computer_lost', true]);
    },
  },
  {
    id: 'faults/link-restored',
    level: 3,
    title:
      'a durable command whose link breaks and comes back ends with its own result, of which nothing is missing or there twice, and runs once',
    requires: ['cutLink', 'survivesLostLinks', 'processes', 'concurrentCommands'],
    ownComputer: {},
    timeoutMs: 240_000,
    body: async (bench) => {
      const { outcome, lines } = await loseLink(bench, true);
      if (outcome instanceof Error) {
        throw new ConformanceFailure(`The command was given up: ${outcome.message}`, { cause: outcome });
      }
      expectResult(outcome, lines);
    },
  },
  {
    id: 'faults/machine-restarted',
    level: 3,
    title:
      'a command whose machine restarts fails with ComputerLostError; what follows works or says the same, and a cleanup works',
    requires: ['restartMachine', 'processes', 'concurrentCommands'],
    ownComputer: {},
    endsComputer: true,
    timeoutMs: 240_000,
    body: async ({ run, computer, implementation, options, processes }) => {
      const outcome = expectedLater(
        expectRejection('The command', run('sleep 300'), { code: 'computer_lost' }),
      );
      await expectSoon('the command runs', async () => (await processes()) > 0);
      await options.faults?.restartMachine?.(implementation);
      await outcome;
      const next = await run('echo on').catch((error: unknown) => error);
      if (next instanceof Error) expectEqual('The code of the next command', codeOf(next), 'computer_lost');
      else expectEqual('The next command', (next as CompletedCommand).stdout, 'on\n');
      await computer.cleanup({ timeoutMs: 60_000 });
    },
  },
];

const codeOf = (error: unknown) => (error as Partial<SweLancerError>).code;

/** Cuts the link under a command that writes all the time and ends after the link is back. */
async function loseLink({ run, implementation, options, path }: CaseBench, durable: boolean) {
  const [log, go] = [shellQuote(path('log')), shellQuote(path('go'))];
  const text = `i=0; while [ ! -e ${go} ] && [ $i -lt 900 ]; do i=$((i + 1)); echo line $i; echo $i >>${log}; sleep 0.1; done
echo problem >&2; exit 7`;
  const command = run(text, { timeoutMs: 120_000, durable }).catch((error: unknown) =>
    error instanceof Error ? error : new Error(String(error)),
  );
  await expectSoon('the command runs', async () => (await run(`test -s ${log}`)).exitCode === 0);
  await options.faults?.cutLink?.(implementation);
  await options.faults?.restoreLink?.(implementation);
  const attempt = async () =>
    run(`touch ${go}`).then(
      () => true,
      () => false,
    );
  await expectSoon('the computer answers again', attempt, 90_000);
  const outcome = await command;
  // Whatever became of the call: the command is done when it has seen the file.
  await expectSoon(
    'the command has ended',
    async () => (await run(`sleep 0.3; ${unchanged(log)}`)).exitCode === 0,
  );
  const written = (await run(`cat ${log}`)).stdout.trim().split('\n');
  const lines = written.map((_, index) => String(index + 1));
  expectEqual('What the command counted, which tells how often it ran', written, lines);
  return { outcome, lines };
}

/** Whether nobody writes to the file any more. */
const unchanged = (file: string) =>
  `before=$(wc -l <${file}); sleep 0.5; [ "$before" = "$(wc -l <${file})" ]`;

function expectResult({ exitCode, stdout, stderr }: CompletedCommand, lines: readonly string[]): void {
  const written = lines.map((line) => `line ${line}\n`).join('');
  expectEqual(
    'The result',
    { exitCode, stdout, stderr },
    { exitCode: 7, stdout: written, stderr: 'problem\n' },
  );
}
