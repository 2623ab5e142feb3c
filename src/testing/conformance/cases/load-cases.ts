import { shellQuote } from '../../../computer/shell-quote.js';
import { ConformanceFailure, expectEqual, expectSoon } from '../assertions.js';
import type { CaseDefinition } from '../case-definition.js';

export const loadCases: readonly CaseDefinition[] = [
  {
    id: 'load/two-at-once',
    level: 1,
    title: 'a command can run while another one does',
    requires: ['concurrentCommands'],
    body: async ({ run, path }) => {
      const cwd = path('first').slice(0, -'/first'.length);
      path('second');
      const meet = (own: string, other: string) =>
        run(`touch ${own}; while [ ! -e ${other} ]; do sleep 0.05; done; echo met`, {
          cwd,
          timeoutMs: 30_000,
        });
      const results = await Promise.all([meet('first', 'second'), meet('second', 'first')]);
      expectEqual(
        'The output',
        results.map(({ stdout }) => stdout),
        ['met\n', 'met\n'],
      );
    },
  },
  {
    id: 'load/16-at-once',
    level: 2,
    title: '16 commands at once get their own output and exit code each',
    requires: ['concurrentCommands'],
    body: async ({ run }) => {
      const numbers = Array.from({ length: 16 }, (_, index) => index);
      const results = await Promise.all(
        numbers.map((number) => run(`sleep 0.2; echo ${number}; echo problem ${number} >&2; exit ${number}`)),
      );
      expectEqual(
        'The results',
        results.map(({ exitCode, stdout, stderr }) => [exitCode, stdout, stderr]),
        numbers.map((number) => [number, `${number}\n`, `problem ${number}\n`]),
      );
    },
  },
  {
    id: 'load/200-in-a-row',
    level: 2,
    title: '200 commands in a row leave no handle or timer of this process behind',
    timeoutMs: 300_000,
    body: async ({ run, controller }) => {
      const { signal } = controller();
      const command = async (number: number) => {
        const { exitCode, stdout } = await run(`echo ${number}; exit ${number % 100}`, { signal });
        expectEqual('The result', [exitCode, stdout], [number % 100, `${number}\n`]);
      };
      for (let number = 0; number < 20; number++) await command(number);
      const before = process.getActiveResourcesInfo().length;
      for (let number = 0; number < 200; number++) await command(number);
      // A pool may grow a little; what stays for each command would be 200 and more.
      await expectSoon(
        'handles and timers are given back',
        () => process.getActiveResourcesInfo().length < before + 20,
      );
    },
  },
  {
    id: 'load/temporary-files',
    level: 2,
    timeoutMs: 300_000,
    title: 'commands and uploads do not leave a file each in the temporary folder',
    body: async ({ computer, run, path }) => {
      const perRound = 25;
      const cwd = path('before').slice(0, -'/before'.length);
      const folders = `${shellQuote(`${computer.root}/tmp`)} "\${TMPDIR:-/tmp}"`;
      const list = `ls -A ${folders} 2>/dev/null | sort -u`;
      await run(`${list} >before`, { cwd });
      let added = 0;
      // Others may have their files there too, but not as many each time.
      for (let round = 1; round <= 3; round++) {
        for (let number = 0; number < perRound; number++) {
          await run('true');
          await computer.upload(new Uint8Array(1), path('file'));
        }
        const { stdout } = await run(`${list} | sort - before before | uniq -u | wc -l`, { cwd });
        added = Number(stdout);
        if (added < round * perRound) return;
      }
      throw new ConformanceFailure(
        `There are ${added} new files in the temporary folder after ${3 * perRound} commands and as many uploads.`,
      );
    },
  },
];
