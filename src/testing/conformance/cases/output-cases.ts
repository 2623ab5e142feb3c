import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shellQuote } from '../../../computer/shell-quote.js';
import { expectEqual, expectThat } from '../assertions.js';
import type { CaseBench, CaseDefinition } from '../case-definition.js';
import { usedBytes } from '../used-bytes.js';

const mebibyte = 1024 * 1024;

function outputEvents({ events }: CaseBench): string {
  return events
    .map((event) => (event.type === 'command.output' && event.stream === 'stdout' ? event.text : ''))
    .join('');
}

/** `printf` text for bytes in octal, which every shell knows. */
function octal(bytes: Uint8Array): string[] {
  return [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`);
}

export const outputCases: readonly CaseDefinition[] = [
  {
    id: 'output/order',
    level: 1,
    title: 'each stream keeps its order',
    body: async ({ run }) => {
      const { stdout, stderr } = await run(
        'i=0; while [ $i -lt 3000 ]; do echo "out $i"; echo "err $i" >&2; i=$((i + 1)); done',
      );
      const lines = (name: string) =>
        Array.from({ length: 3000 }, (_, index) => `${name} ${index}\n`).join('');
      expectThat(stdout === lines('out'), 'Lines of standard output are missing or out of order.');
      expectThat(stderr === lines('err'), 'Lines of standard error are missing or out of order.');
    },
  },
  {
    id: 'output/streaming',
    level: 1,
    title: 'output arrives while the command still runs',
    requires: ['streamsOutput', 'concurrentCommands'],
    body: async ({ run, path }) => {
      const go = shellQuote(path('go'));
      let release: Promise<unknown> | undefined;
      const result = await run(`echo waiting; while [ ! -e ${go} ]; do sleep 0.1; done; echo released`, {
        timeoutMs: 30_000,
        // Only what arrives early can let the command end.
        onOutput: () => {
          release ??= run(`touch ${go}`);
        },
      });
      await release;
      expectEqual('The output', result.stdout, 'waiting\nreleased\n');
    },
  },
  {
    id: 'output/pieces',
    level: 1,
    title: 'the pieces given to onOutput, put together, are the output',
    body: async ({ run }) => {
      const pieces: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] };
      const result = await run('seq 1 20000; echo problem >&2', {
        onOutput: ({ stream, bytes }) => pieces[stream].push(Uint8Array.from(bytes)),
      });
      for (const stream of ['stdout', 'stderr'] as const) {
        const whole = Buffer.concat(pieces[stream]).toString();
        expectThat(whole === result[stream], `The pieces of ${stream} are not its text.`);
      }
    },
  },
  {
    id: 'output/long-streams',
    level: 1,
    title: '300 KB on each stream arrive whole',
    body: async ({ run }) => {
      const expected = Array.from({ length: 50_000 }, (_, index) => `${index + 1}\n`).join('');
      const result = await run('seq 1 50000; seq 1 50000 >&2');
      for (const stream of ['stdout', 'stderr'] as const) {
        const { length } = result[stream];
        const message = `${stream} is not the ${expected.length} characters that were written, but ${length}.`;
        expectThat(result[stream] === expected, message);
      }
    },
  },
  {
    id: 'output/split-characters',
    level: 2,
    title: 'a character whose bytes arrive one by one is whole, in the result and in events',
    body: async (bench) => {
      const text = 'aé日🎉b';
      const bytes = octal(new TextEncoder().encode(text)).map((byte) => `printf '${byte}'; sleep 0.05`);
      expectEqual('The text', (await bench.run(bytes.join('; '))).stdout, text);
      expectEqual('The text of the events', outputEvents(bench), text);
    },
  },
  {
    id: 'output/invalid-utf8',
    level: 2,
    title: 'bytes that are no text do no harm to the text around them',
    body: async ({ run }) => {
      const { exitCode, stdout } = await run(`printf 'a\\377\\376b\\300c'`);
      expectEqual('The exit code', exitCode, 0);
      expectEqual('The text', stdout.replaceAll('\ufffd', ''), 'abc');
      expectThat(stdout.includes('\ufffd'), 'Bytes that are no text vanished without a trace.');
    },
  },
  {
    id: 'output/nul-bytes',
    level: 2,
    title: 'NUL bytes are output like any other',
    body: async ({ run }) => expectEqual('The text', (await run(`printf 'a\\000b\\000'`)).stdout, 'a\0b\0'),
  },
  {
    id: 'output/one-byte-writes',
    level: 2,
    title: '20,000 writes of one byte lose none',
    body: async ({ run }) => {
      const { stdout } = await run(
        'i=0; while [ $i -lt 20000 ]; do printf %s $((i % 10)); i=$((i + 1)); done',
      );
      expectEqual('What was written', stdout, '0123456789'.repeat(2000));
    },
  },
  {
    id: 'output/large',
    level: 2,
    title: 'of 16 MiB the head and the tail are kept, and every byte is counted',
    body: async ({ run }) => {
      const size = 16 * mebibyte;
      const { captured, stdout } = await run(
        `printf head; head -c ${size} /dev/zero | tr '\\0' x; printf tail`,
        { output: { headBytes: 1000, tailBytes: 1000 } },
      );
      const { totalBytes, omittedBytes, head, tail } = captured.stdout;
      expectEqual('The count', totalBytes, size + 8);
      expectEqual('What is left out', omittedBytes, totalBytes - head.length - tail.length);
      expectThat(head.length <= 1000 && tail.length <= 1000, 'More is kept than was asked for.');
      expectThat(
        stdout.startsWith('headxxx') && stdout.endsWith('xxxtail'),
        'The head or the tail is wrong.',
      );
    },
  },
  {
    id: 'output/flood',
    level: 2,
    title: '200 MiB of output are counted and spilled in less than 64 MiB of memory',
    requires: ['boundsOutput', 'streamsOutput'],
    timeoutMs: 300_000,
    body: async ({ run }) => {
      const size = 200 * mebibyte;
      const spillDirectory = await mkdtemp(join(tmpdir(), 'swelancer-conformance-'));
      try {
        const before = usedBytes();
        let highest = before;
        let pieces = 0;
        const { captured } = await run(`printf head; head -c ${size} /dev/zero; printf tail`, {
          timeoutMs: 240_000,
          output: { headBytes: 4, tailBytes: 4, spillDirectory },
          onOutput: () => {
            if (pieces++ % 200 === 0) highest = Math.max(highest, usedBytes());
          },
        });
        const { totalBytes, head, tail, spillError } = captured.stdout;
        expectEqual('The count', totalBytes, size + 8);
        const texts = [head, tail].map((bytes) => Buffer.from(bytes).toString());
        expectEqual('Head and tail', texts, ['head', 'tail']);
        expectEqual('The problem of the spill file', spillError, undefined);
        expectEqual('The spill file', (await stat(join(spillDirectory, 'stdout'))).size, size + 8);
        const grown = Math.round((highest - before) / mebibyte);
        expectThat(grown < 64, `Memory grew by ${grown} MiB.`);
      } finally {
        await rm(spillDirectory, { recursive: true, force: true });
      }
    },
  },
  {
    id: 'output/imitates-framing',
    level: 2,
    title: 'output that looks like the machinery around it changes neither exit code nor output',
    body: async ({ run }) => {
      // The nearest a command comes to what frames it: its environment and what its ancestors were started with.
      const { exitCode, stdout } = await run(
        `env; set; for p in $$ $PPID; do tr '\\0' '\\n' </proc/$p/cmdline; tr '\\0' '\\n' </proc/$p/environ; done 2>/dev/null
printf '\\001\\002\\003\\036\\037\\0000 0\\nexit=0\\nEXIT 0\\n%s\\n' '{"exitCode":0}'; printf '\\000\\000\\000\\000\\000\\000\\000\\005'; echo last; exit 5`,
      );
      expectEqual('The exit code', exitCode, 5);
      expectThat(stdout.endsWith('last\n') && stdout.includes('PATH='), 'A part of the output is missing.');
    },
  },
];
