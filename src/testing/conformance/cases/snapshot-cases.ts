import { shellQuote } from '../../../computer/shell-quote.js';
import { expectEqual } from '../assertions.js';
import type { CaseDefinition } from '../case-definition.js';

export const snapshotCases: readonly CaseDefinition[] = [
  {
    id: 'snapshots/files',
    level: 3,
    title: 'computers started from a snapshot have its files, and see nothing of each other',
    requires: ['snapshot'],
    ownComputer: {},
    timeoutMs: 300_000,
    body: async ({ computer, run, runOn, path, startFrom }) => {
      const file = shellQuote(path('state'));
      const read = `cat ${file}`;
      await run(`echo taken > ${file}`);
      const snapshot = await computer.snapshot();
      await run(`echo later > ${file}`);
      const second = await startFrom(snapshot.image);
      expectEqual('The file in the second computer', (await runOn(second, read)).stdout, 'taken\n');
      await runOn(second, `echo second > ${file}`);
      const third = await startFrom(snapshot.image);
      expectEqual('The file in the third computer', (await runOn(third, read)).stdout, 'taken\n');
      await snapshot.remove();
      await snapshot.remove();
      expectEqual('The file after the removal', (await runOn(second, read)).stdout, 'second\n');
      expectEqual('The file in the first computer', (await run(read)).stdout, 'later\n');
    },
  },
];
