import { CommandAbortedError, CommandTimeoutError } from '../../../computer/errors.js';
import { shellQuote } from '../../../computer/shell-quote.js';
import { expectedLater, expectEqual, expectRejection, expectSoon, expectThat } from '../assertions.js';
import type { CaseDefinition } from '../case-definition.js';

export const deadlineCases: readonly CaseDefinition[] = [
  {
    id: 'deadlines/timeout',
    level: 1,
    title: 'a command that takes too long is ended, proved dead, and tells what it had written',
    requires: ['processes', 'concurrentCommands'],
    body: async ({ run, processes }) => {
      const error = await expectRejection(
        'A command of 300 seconds with 2 seconds to run',
        run('echo begun; echo trouble >&2; sleep 300; echo never', { timeoutMs: 2000, killGraceMs: 1000 }),
        { code: 'command_timeout' },
      );
      expectThat(error instanceof CommandTimeoutError, 'The error is no CommandTimeoutError.');
      expectEqual(
        'Its partial output',
        [error.partial.stdout, error.partial.stderr],
        ['begun\n', 'trouble\n'],
      );
      expectEqual('The outcome of the kill', error.kill.outcome, 'confirmed');
      expectEqual('The number of survivors', error.kill.survivors, 0);
      expectEqual('The number of processes that are left', await processes(), 0);
    },
  },
  {
    id: 'deadlines/exit-codes-of-timeouts',
    level: 1,
    title: 'a command that exits with 124, 137, 143 or 255 was not ended by us',
    body: async ({ run }) => {
      for (const code of [124, 137, 143, 255]) {
        expectEqual('The exit code', (await run(`exit ${code}`, { timeoutMs: 60_000 })).exitCode, code);
      }
    },
  },
  {
    id: 'deadlines/abort-before',
    level: 1,
    title: 'a signal that has fired already starts nothing',
    body: async ({ run, path, controller }) => {
      const abort = controller();
      const reason = new Error('changed my mind');
      abort.abort(reason);
      const file = shellQuote(path('file'));
      const command = run(`echo ran >${file}`, { signal: abort.signal });
      await expectRejection('The command', command, { name: 'AbortError', cause: reason });
      expectEqual('The file', (await run(`cat ${file} 2>/dev/null`)).stdout, '');
    },
  },
  {
    id: 'deadlines/abort-during',
    level: 1,
    title: 'a signal that fires ends the command, proved dead, with what it had written',
    requires: ['processes', 'concurrentCommands'],
    body: async ({ run, path, controller, processes }) => {
      const abort = controller();
      const reason = new Error('changed my mind');
      const started = shellQuote(path('started'));
      const command = `echo begun; touch ${started}; sleep 30; echo never`;
      const outcome = expectedLater(
        expectRejection('The command', run(command, { signal: abort.signal, killGraceMs: 1000 }), {
          name: 'AbortError',
          cause: reason,
        }),
      );
      await expectSoon('the command runs', async () => (await run(`test -e ${started}`)).exitCode === 0);
      abort.abort(reason);
      const error = await outcome;
      expectThat(error instanceof CommandAbortedError, 'The error is no CommandAbortedError.');
      expectEqual('Its partial output', error.partial.stdout, 'begun\n');
      expectEqual('The outcome of the kill', error.kill.outcome, 'confirmed');
      expectEqual('The number of processes that are left', await processes(), 0);
    },
  },
  {
    id: 'deadlines/abort-after',
    level: 1,
    title: 'a signal that fires after the end changes nothing, and nobody listens to it any more',
    body: async ({ run, controller }) => {
      const abort = controller();
      const { stdout } = await run('echo done', { signal: abort.signal });
      abort.abort();
      expectEqual('The output', stdout, 'done\n');
    },
  },
  {
    id: 'deadlines/after-a-timeout',
    level: 1,
    title: 'the computer works on after a command was ended',
    body: async ({ run }) => {
      const ended = run('sleep 300', { timeoutMs: 500, killGraceMs: 500 });
      await expectRejection('The command', ended, { code: 'command_timeout' });
      expectEqual('The next command', (await run('echo next; exit 4')).exitCode, 4);
    },
  },
  {
    id: 'deadlines/clock-jump',
    level: 3,
    title:
      "a time limit is a time: this machine's clock set forward and back by an hour neither ends a command nor lets it run on",
    requires: ['concurrentCommands'],
    body: async ({ run, path }) => {
      const go = shellQuote(path('go'));
      using clock = shiftableClock();
      const waiting = expectedLater(
        run(`i=0; while [ ! -e ${go} ] && [ $i -lt 600 ]; do i=$((i + 1)); sleep 0.1; done; echo done`),
      );
      const ended = run('sleep 300', { timeoutMs: 3000, killGraceMs: 500 });
      const outcome = expectedLater(expectRejection('The command', ended, { code: 'command_timeout' }));
      for (const shiftMs of [hourMs, -hourMs]) {
        clock.shift(shiftMs);
        // Two commands later whoever looks at the clock has looked.
        for (const word of ['first', 'second']) {
          const { stdout, durationMs } = await run(`sleep 0.3; echo ${word}`);
          expectEqual('The output of a command', stdout, `${word}\n`);
          expectThat(
            durationMs >= 0 && durationMs < hourMs,
            `A command took ${durationMs} ms by its own account.`,
          );
        }
      }
      await outcome;
      await run(`touch ${go}`);
      expectEqual('The output of the command that waited', (await waiting).stdout, 'done\n');
    },
  },
];

const hourMs = 3_600_000;

/** This process's clock, which may be set; right again when it is disposed of. */
function shiftableClock(): Disposable & { shift(shiftMs: number): void } {
  const TrueDate = globalThis.Date;
  let shiftMs = 0;
  globalThis.Date = new Proxy(TrueDate, {
    construct: (target, parameters: unknown[], newTarget) =>
      // Its type says that a constructor gives an object.
      Reflect.construct(
        target,
        parameters.length === 0 ? [target.now() + shiftMs] : parameters,
        newTarget,
      ) as object,
    get: (target, key, receiver) =>
      key === 'now' ? () => target.now() + shiftMs : (Reflect.get(target, key, receiver) as unknown),
  });
  return {
    shift: (milliseconds) => {
      shiftMs = milliseconds;
    },
    [Symbol.dispose]: () => {
      globalThis.Date = TrueDate;
    },
  };
}
