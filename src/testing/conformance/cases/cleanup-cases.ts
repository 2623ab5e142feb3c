import { Computer } from '../../../computer/computer.js';
import { expectedLater, expectEqual, expectRejection, expectSoon, expectThat } from '../assertions.js';
import type { CaseDefinition } from '../case-definition.js';

const limits = { timeoutMs: 60_000 };

export const cleanupCases: readonly CaseDefinition[] = [
  {
    id: 'cleanup/twice',
    level: 0,
    title: 'cleaning up twice, and twice at once, is fine',
    ownComputer: {},
    endsComputer: true,
    body: async ({ implementation }) => {
      await Promise.all([implementation.cleanup(limits), implementation.cleanup(limits)]);
      await implementation.cleanup(limits);
    },
  },
  {
    id: 'cleanup/use-afterwards',
    level: 0,
    title: 'every call fails after the cleanup',
    ownComputer: {},
    endsComputer: true,
    body: async ({ computer, implementation, path }) => {
      const file = path('file');
      await computer.upload(new Uint8Array(1), file);
      await implementation.cleanup(limits);
      await expectRejection('A command', implementation.sendShellCommand('true', limits));
      await expectRejection('An upload', implementation.upload(new Uint8Array(1), file, limits));
      await expectRejection('A download', implementation.download(file, limits));
      await computer.cleanup(limits);
      await expectRejection('A command of the facade', computer.sendShellCommand('true'), {
        code: 'computer_lost',
        reason: 'cleaned_up',
      });
    },
  },
  {
    id: 'cleanup/under-way',
    level: 3,
    title: 'a cleanup ends what runs, and nothing of it is left',
    requires: ['concurrentCommands', 'processes'],
    ownComputer: {},
    endsComputer: true,
    body: async ({ computer, run, another, processes }) => {
      const other = await another();
      const results = [run('sleep 300 & wait'), run('sleep 300')].map(async (command) =>
        command.then(
          () => 'a result',
          () => 'an error',
        ),
      );
      await expectSoon('the commands run', async () => (await processes(computer)) >= 2);
      await computer.cleanup(limits);
      expectEqual('What became of the commands', await Promise.all(results), ['an error', 'an error']);
      // Where computers are machines of their own, the other one sees none of them anyway.
      await expectSoon('no process of them is left', async () => (await processes(other)) === 0);
    },
  },
  {
    id: 'cleanup/background',
    level: 3,
    title: 'a cleanup ends what commands left in the background, also in a session of its own',
    requires: ['processes'],
    ownComputer: {},
    endsComputer: true,
    body: async ({ computer, run, another, processes }) => {
      const other = await another();
      await run('sleep 300 & echo left', { timeoutMs: 30_000 });
      await run('setsid sleep 300 </dev/null >/dev/null 2>&1 &', { timeoutMs: 30_000 });
      await expectSoon('the processes run', async () => (await processes(computer)) === 2);
      await computer.cleanup(limits);
      // Where computers are machines of their own, the other one sees none of them anyway.
      await expectSoon('no process of them is left', async () => (await processes(other)) === 0);
    },
  },
  {
    id: 'cleanup/somebody-elses',
    level: 3,
    title: 'the cleanup of one computer leaves another one alone',
    requires: ['concurrentCommands'],
    body: async ({ runOn, computer, another, path }) => {
      const other = await another();
      const third = await another();
      expectThat(other.id !== third.id, 'Two computers have the same id.');
      const marker = path('go');
      const waiting = runOn(
        other,
        `while [ ! -e '${marker}' ]; do sleep 0.1; done; echo went; rm '${marker}'`,
      );
      const folder = marker.slice(0, marker.lastIndexOf('/'));
      await runOn(other, `mkdir -p '${folder}'`);
      await third.cleanup(limits);
      await runOn(other, `touch '${marker}'`);
      expectEqual('The command of the other computer', (await waiting).stdout, 'went\n');
      expectEqual('The shared computer', (await runOn(computer, 'echo here')).stdout, 'here\n');
    },
  },
  {
    id: 'cleanup/aborted-view',
    level: 3,
    title:
      "an agent's view of a computer ends what it started when its time is over, and the computer goes on",
    requires: ['processes', 'concurrentCommands'],
    body: async ({ computer, run, runOn, controller, processes }) => {
      const abort = controller();
      const view = computer.forAgent({ until: abort.signal });
      const command = runOn(view, 'sleep 300', { killGraceMs: 300 });
      const outcome = expectedLater(expectRejection('The command', command, { name: 'AbortError' }));
      await expectSoon('the command runs', async () => (await processes()) > 0);
      abort.abort();
      await outcome;
      await expectRejection('Another command of the view', runOn(view, 'true'));
      expectThat(view instanceof Computer, 'A view is no Computer.');
      expectEqual('A command of the computer', (await run('echo on')).stdout, 'on\n');
    },
  },
];
