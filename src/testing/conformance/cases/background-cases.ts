import { shellQuote } from '../../../computer/shell-quote.js';
import { ConformanceFailure, expectEqual } from '../assertions.js';
import type { CaseDefinition } from '../case-definition.js';

/** A process that has ended and that nobody has waited for counts as gone. */
const isAlive = `kill -0 $(cat pid) && ! grep -qs '^State:.*Z' /proc/$(cat pid)/status && echo alive`;
/** Ends what a case started in the background. */
const end = 'kill -9 $(cat pid) 2>/dev/null; rm -f pid';
const timeoutMs = 30_000;
/** Milliseconds that a computer may go on waiting for output; a busy machine takes some of them. */
const mostWaitMs = 6000;

export const backgroundCases: readonly CaseDefinition[] = [
  {
    id: 'background/holds-output',
    level: 2,
    title: 'a command does not wait for a child in the background that holds its output',
    body: async ({ run, path }) => {
      const cwd = path('pid').slice(0, -'/pid'.length);
      const began = performance.now();
      await run('echo started', { cwd });
      const withoutMs = performance.now() - began;
      const { exitCode, stdout } = await run('sleep 60 & echo $! >pid; echo started', { cwd, timeoutMs });
      const withMs = performance.now() - began - withoutMs;
      expectEqual('The result', [exitCode, stdout], [0, 'started\n']);
      if (withMs > withoutMs + mostWaitMs) {
        throw new ConformanceFailure(
          `A command with a child in the background took ${Math.round(withMs)} ms, without one ${Math.round(withoutMs)} ms.`,
        );
      }
      const child = await run(`${isAlive}; ${end}`, { cwd });
      expectEqual('The child in the background', child.stdout, 'alive\n');
    },
  },
  {
    id: 'background/counted',
    level: 2,
    title: 'a computer that counts what commands leave behind counts it each time, and nothing else',
    requires: ['processes'],
    body: async ({ run, path }) => {
      const cwd = path('pid').slice(0, -'/pid'.length);
      const leave = async (text: string) => (await run(text, { cwd, timeoutMs })).leftoverProcesses ?? null;
      // It may say that it does not count.
      if ((await leave('true')) === null) return;
      const left = await leave('setsid sleep 60 </dev/null >/dev/null 2>&1 & echo $! >pid');
      const [after, again] = [await leave('sleep 0 & wait'), await leave('sleep 60 & echo $! >>pid')];
      const silently = await leave('(sleep 60 </dev/null >/dev/null 2>&1 & echo $! >>pid) & wait');
      await run(end, { cwd });
      expectEqual('The processes left behind', [left, after, again, silently], [1, 0, 1, 1]);
    },
  },
  {
    id: 'background/next-command',
    level: 2,
    title: 'a command straight after one with a child in the background works',
    body: async ({ run, path }) => {
      const cwd = path('pid').slice(0, -'/pid'.length);
      await run('nohup sleep 60 & echo $! >pid', { cwd, timeoutMs });
      expectEqual('The next command', (await run('echo next', { timeoutMs })).stdout, 'next\n');
      await run(`${end}; rm -f nohup.out`, { cwd });
      path('nohup.out');
    },
  },
  {
    id: 'background/late-output',
    level: 2,
    title: "a background child's late output is not taken for that of the next command",
    body: async ({ run, path }) => {
      const [go, said] = [shellQuote(path('go')), shellQuote(path('said'))];
      await run(
        `(while [ ! -e ${go} ]; do sleep 0.05; done; echo late; echo late >&2; touch ${said}) & echo first`,
        {
          timeoutMs,
        },
      );
      const next = await run(`touch ${go}; while [ ! -e ${said} ]; do sleep 0.05; done; echo second`, {
        timeoutMs,
      });
      expectEqual('The output of the next command', [next.stdout, next.stderr], ['second\n', '']);
    },
  },
  {
    id: 'background/server',
    level: 2,
    title: 'a server started in a session of its own lives on, as services of the benchmark do',
    requires: ['processes'],
    body: async ({ run, path }) => {
      const cwd = path('pid').slice(0, -'/pid'.length);
      await run(`setsid sh -c 'echo $$ >pid; exec sleep 60' </dev/null >/dev/null 2>&1 &`, {
        cwd,
        timeoutMs,
      });
      const { stdout } = await run(`while [ ! -s pid ]; do sleep 0.05; done; ${isAlive}; ${end}`, {
        cwd,
      });
      expectEqual('The server', stdout, 'alive\n');
    },
  },
];
