import { shellQuote } from '../../../computer/shell-quote.js';
import { expectEqual, expectRejection, expectThat } from '../assertions.js';
import type { CaseDefinition } from '../case-definition.js';

const mebibyte = 1024 * 1024;

export const stdinCases: readonly CaseDefinition[] = [
  {
    id: 'stdin/closed',
    level: 1,
    title: 'a program that asks a question gets an end instead of waiting for ever',
    body: async ({ run }) => {
      const { stdout } = await run('cat; read answer || echo no answer', { timeoutMs: 20_000 });
      expectEqual('The output', stdout, 'no answer\n');
    },
  },
  {
    id: 'stdin/text',
    level: 1,
    title: 'text reaches the command, and then its end',
    body: async ({ run }) =>
      expectEqual(
        'The output',
        (await run('cat; echo end', { stdin: 'héllo\r\nwörld' })).stdout,
        'héllo\r\nwörldend\n',
      ),
  },
  {
    id: 'stdin/bytes',
    level: 1,
    title: 'every byte value reaches the command',
    body: async ({ run, computer, path }) => {
      const stdin = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256);
      await run(`cat >${shellQuote(path('bytes'))}`, { stdin });
      expectThat(
        Buffer.from(stdin).equals(await computer.download(path('bytes'))),
        'The bytes are not the same.',
      );
    },
  },
  {
    id: 'stdin/stream',
    level: 1,
    title: '50 MiB from a stream reach the command',
    body: async ({ run }) => {
      const stdin = (async function* () {
        for (let count = 0; count < 50; count++) yield new Uint8Array(mebibyte);
      })();
      expectEqual('The number of bytes', Number((await run('wc -c', { stdin })).stdout), 50 * mebibyte);
    },
  },
  {
    id: 'stdin/breaks-off',
    level: 1,
    title:
      'a command whose input breaks off fails with the reason and is ended, whatever it made of the part',
    requires: ['processes', 'concurrentCommands'],
    body: async ({ run }) => {
      for (const command of ['wc -c', 'sleep 300 & cat; wait']) {
        const stdin = (async function* () {
          yield new TextEncoder().encode('the first half only');
          throw new Error('The input breaks off, as the case wants it.');
        })();
        const running = run(command, { stdin, killGraceMs: 300 });
        await expectRejection(`\`${command}\``, running, {
          message: 'The input breaks off, as the case wants it.',
        });
      }
      expectEqual('The next command', (await run('echo next')).stdout, 'next\n');
    },
  },
  {
    id: 'stdin/early-close',
    level: 1,
    title: 'a command that does not read its input to the end ends normally',
    body: async ({ run }) => {
      for (const command of ['head -c 3', 'printf xxx', 'exec <&-; printf xxx']) {
        const { exitCode, stdout } = await run(command, { stdin: 'x'.repeat(8 * mebibyte) });
        expectEqual(`The result of \`${command}\``, [exitCode, stdout], [0, 'xxx']);
      }
    },
  },
  {
    id: 'stdin/not-the-next-command',
    level: 1,
    title: 'input that a command did not read is not run, and not given to the next command',
    body: async ({ run, path }) => {
      const file = shellQuote(path('ran'));
      await run('true', { stdin: `echo ran >${file}\n`.repeat(100) });
      const { stdout } = await run(`cat; cat ${file} 2>/dev/null`);
      expectEqual('The output', stdout, '');
    },
  },
];
