import type { Computer } from 'swelancer';
import { oursWith } from './commands.js';
import { freshExec, missingDocker, waitingComputer } from './docker-place.js';
import { median, takeTurns } from './measure.js';
import type { Row, RowGroup } from './row.js';
import { effort } from './effort.js';

const rounds = effort(5, 1);

/** How soon a computer takes commands after its start. */
export const firstCommand: RowGroup = {
  name: 'first-command',
  missing: missingDocker,
  measure: measureFirst,
};

async function measureFirst(report: (row: Row) => void): Promise<void> {
  const fresh = {
    prepare: waitingComputer,
    tidy: async (computer: Computer) => computer.cleanup(),
  };
  const taken = await takeTurns(rounds, {
    ours: { ...fresh, run: async (computer) => oursWith(computer)() },
    exec: { ...fresh, run: async (computer) => freshExec(computer.id) },
  });
  const ours = { value: median(taken.ours), unit: 'ms' } as const;
  const exec = { value: median(taken.exec), unit: 'ms' } as const;
  report({ what: 'first Docker command', ours, peer: { name: 'fresh Engine exec', figure: exec } });
}
