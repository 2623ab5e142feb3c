import { clientWith, oursWith, ratesAtOnce, smallCommand } from './commands.js';
import { freshExec, missingDocker, waitingComputer } from './docker-place.js';
import { median, takeTurns } from './measure.js';
import type { RowGroup } from './row.js';
import { effort } from './effort.js';

const rounds = effort(20, 1);

/** Small commands in a container: ours, a fresh exec through plain dockerode, and the docker client. */
export const dockerCommands: RowGroup = {
  name: 'docker-commands',
  missing: missingDocker,
  measure: async (report) => {
    await using computer = await waitingComputer();
    const ours = oursWith(computer);
    const exec = async () => freshExec(computer.id);
    const client = clientWith('docker', ['exec', computer.id, 'sh', '-c', smallCommand]);

    const taken = await takeTurns(rounds, {
      ours: { run: ours, times: 10 },
      exec: { run: exec, times: 2 },
      client: { run: client, times: 2 },
    });
    const oursMs = { value: median(taken.ours), unit: 'ms' } as const;
    const execMs = { value: median(taken.exec), unit: 'ms' } as const;
    const clientMs = { value: median(taken.client), unit: 'ms' } as const;
    const one = { what: 'small Docker command, p50', ours: oursMs };
    report({
      ...one,
      peer: { name: 'fresh Engine exec', figure: execMs },
      bar: { kind: 'times', value: 10 },
    });
    report({ ...one, peer: { name: 'docker exec', figure: clientMs }, bar: { kind: 'times', value: 20 } });

    const rates = await ratesAtOnce(3, {
      ours: { run: ours, times: 20 },
      exec: { run: exec, times: 2 },
      client: { run: client, times: 2 },
    });
    const many = {
      what: 'small Docker commands, 16 at once',
      ours: { value: rates.ours, unit: '/s' },
    } as const;
    const execRate = { value: rates.exec, unit: '/s' } as const;
    const clientRate = { value: rates.client, unit: '/s' } as const;
    report({
      ...many,
      peer: { name: 'fresh Engine exec', figure: execRate },
      bar: { kind: 'times', value: 20 },
    });
    report({ ...many, peer: { name: 'docker exec', figure: clientRate }, bar: { kind: 'times', value: 20 } });
  },
};
