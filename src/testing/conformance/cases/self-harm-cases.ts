import { expectEqual, expectThat } from '../assertions.js';
import type { CaseBench, CaseDefinition } from '../case-definition.js';

async function expectWorksOn({ run }: CaseBench): Promise<void> {
  expectEqual('A command afterwards', (await run('echo on')).stdout, 'on\n');
}

/** Runs something that may take its own surroundings along; that is no success, and the computer works on. */
async function expectSurvived(bench: CaseBench, command: string, user?: string): Promise<void> {
  const outcome = await bench.run(`${command}\nsleep 1; exit 0`, { user }).catch(() => undefined);
  // It may have spared the command; then this is a result like any other.
  if (outcome !== undefined) expectThat(outcome.stdout === '', 'There is output that no command wrote.');
  await expectWorksOn(bench);
  await expectWorksOn(bench);
}

/** `pkill -9 -f`, which not every machine has. `patterns` are the shell's, for the whole command line. */
const killWhere = (patterns: string) => `for file in /proc/[0-9]*/cmdline; do
  pid=\${file#/proc/}; pid=\${pid%/cmdline}
  if [ "$pid" != $$ ]; then
    case $(tr '\\0' ' ' <"$file" 2>/dev/null) in ${patterns}) kill -9 "$pid" 2>/dev/null ;; esac
  fi
done`;

export const selfHarmCases: readonly CaseDefinition[] = [
  {
    id: 'self-harm/closes-output',
    level: 2,
    title: 'a command that closes its output still has an exit code',
    body: async (bench) => {
      expectEqual('The exit code', (await bench.run('exec 1>&- 2>&-; sleep 0.2; exit 3')).exitCode, 3);
      await expectWorksOn(bench);
    },
  },
  {
    id: 'self-harm/kills-itself',
    level: 2,
    title: 'a command that kills its own shell or process group is no success, and the computer works on',
    body: async (bench) => {
      for (const command of ['kill -9 $$', 'kill -TERM $$; sleep 5', `sh -c 'kill -9 $PPID'; sleep 1`]) {
        const outcome = await bench.run(command).catch(() => undefined);
        expectThat(outcome?.exitCode !== 0, `\`${command}\` has exit code 0.`);
      }
      await expectWorksOn(bench);
    },
  },
  ...(
    [
      [
        'kills-its-parent',
        'a command that kills the process above it',
        'if [ $PPID -gt 1 ]; then kill -9 $PPID; fi',
      ],
      ['kills-shells', 'a command that kills every shell', killWhere('sh | sh\\ * | */sh\\ *')],
      ['kills-node', 'a command that kills whatever has node in its command line', killWhere('*node*')],
    ] as const
  ).map(
    ([name, what, command]): CaseDefinition => ({
      id: `self-harm/${name}`,
      level: 2,
      title: `${what} does not take the computer along`,
      requires: ['disposable'],
      ownComputer: {},
      body: async (bench) => expectSurvived(bench, command),
    }),
  ),
  {
    id: 'self-harm/kills-everything',
    level: 2,
    title: 'an unprivileged command that kills all it may does not take the computer along',
    requires: ['disposable', 'switchesUser', 'otherUser'],
    ownComputer: {},
    body: async (bench) => expectSurvived(bench, 'kill -9 -1', bench.options.otherUser),
  },
];
