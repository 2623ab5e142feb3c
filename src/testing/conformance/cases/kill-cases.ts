import { CommandTimeoutError } from '../../../computer/errors.js';
import { shellQuote } from '../../../computer/shell-quote.js';
import { expectEqual, expectRejection, expectThat } from '../assertions.js';
import type { CaseBench, CaseDefinition } from '../case-definition.js';

/** Runs into a time limit, and proves that nothing is left of the command. */
async function expectKilled(
  { run, processes }: CaseBench,
  command: string,
  killGraceMs: number,
): Promise<void> {
  const error = await expectRejection('The command', run(command, { timeoutMs: 3000, killGraceMs }), {
    code: 'command_timeout',
  });
  expectEqual('The number of processes that are left', await processes(), 0);
  expectThat(error instanceof CommandTimeoutError, 'The error is no CommandTimeoutError.');
  expectEqual('The outcome of the kill', error.kill.outcome, 'confirmed');
}

const requires = ['processes', 'concurrentCommands'] as const;

export const killCases: readonly CaseDefinition[] = [
  {
    id: 'kill/children',
    level: 1,
    title: 'children and grandchildren are ended with their command',
    requires,
    body: async (bench) => expectKilled(bench, `sh -c 'sleep 301 & sleep 302 & wait' & sleep 303`, 1000),
  },
  {
    id: 'kill/ignores-term',
    level: 1,
    title: 'a command that ignores TERM is ended by KILL',
    requires,
    body: async (bench) => expectKilled(bench, `trap '' TERM HUP INT; while :; do sleep 1; done`, 300),
  },
  {
    id: 'kill/term-first',
    level: 1,
    title: 'a command gets TERM and the time to tidy up',
    requires,
    body: async (bench) => {
      const file = shellQuote(bench.path('tidied'));
      await expectKilled(
        bench,
        `trap 'echo tidied >${file}; exit' TERM; while :; do sleep 0.1; done`,
        10_000,
      );
      expectEqual('What it wrote on TERM', (await bench.run(`cat ${file}`)).stdout, 'tidied\n');
    },
  },
  {
    id: 'kill/detached',
    level: 1,
    title: 'nohup, a signal that is ignored, a new session and a double fork do not escape',
    requires,
    body: async (bench) =>
      expectKilled(
        bench,
        // What nohup does, for machines that have no such program.
        `if command -v nohup >/dev/null; then nohup sleep 301 >/dev/null 2>&1 & fi
sh -c 'trap "" HUP; exec sleep 300' </dev/null >/dev/null 2>&1 &
setsid sleep 302 &
setsid sh -c 'setsid sh -c "trap : TERM HUP; sleep 303; sleep 304" & ' </dev/null >/dev/null 2>&1 &
(sleep 305 & ) &
sleep 306`,
        500,
      ),
  },
  {
    id: 'kill/spares-others',
    level: 1,
    title: 'the end of one command leaves another one alone',
    requires,
    body: async ({ run, path }) => {
      const go = shellQuote(path('go'));
      const other = run(`while [ ! -e ${go} ]; do sleep 0.1; done; echo lived`);
      const ended = run('sleep 301', { timeoutMs: 1000, killGraceMs: 300 });
      await expectRejection('The command', ended, { code: 'command_timeout' });
      await run(`touch ${go}`);
      expectEqual('The other command', (await other).stdout, 'lived\n');
    },
  },
  {
    id: 'kill/all',
    level: 1,
    title: 'killAll ends what commands left behind',
    requires,
    // On a computer of its own, since others' processes would go as well.
    ownComputer: {},
    body: async ({ computer, run, processes }) => {
      await run('setsid sleep 301 </dev/null >/dev/null 2>&1 & sleep 302 </dev/null >/dev/null 2>&1 &');
      const report = await computer.killAll({ timeoutMs: 60_000 });
      expectEqual('The number of processes that are left', await processes(), 0);
      expectEqual('The report', report.outcome, 'confirmed');
      expectEqual('A command afterwards', (await run('echo on')).stdout, 'on\n');
    },
  },
];
