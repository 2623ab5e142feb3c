import { clientWith, oursWith, ratesAtOnce, smallCommand } from './commands.js';
import { median, takeTurns } from './measure.js';
import type { RowGroup } from './row.js';
import { missingSsh, sshPlace } from './ssh-place.js';

const rounds = 15;

/** Small commands over SSH: ours, a fresh `ssh`, and one over a connection that stands. */
export const sshCommands: RowGroup = {
  name: 'ssh-commands',
  missing: missingSsh,
  measure: async (report) => {
    await using place = await sshPlace();
    const ours = oursWith(place.computer);
    const fresh = clientWith('ssh', [...place.fresh, place.destination, smallCommand]);
    const multiplexed = clientWith('ssh', [...place.multiplexed, place.destination, smallCommand]);

    const taken = await takeTurns(rounds, {
      ours: { run: ours, times: 20 },
      fresh: { run: fresh, times: 2 },
      multiplexed: { run: multiplexed, times: 2 },
    });
    const one = { what: 'small SSH command, p50', ours: { value: median(taken.ours), unit: 'ms' } } as const;
    const freshMs = { value: median(taken.fresh), unit: 'ms' } as const;
    const multiplexedMs = { value: median(taken.multiplexed), unit: 'ms' } as const;
    report({ ...one, peer: { name: 'fresh ssh', figure: freshMs }, bar: { kind: 'times', value: 100 } });
    report({
      ...one,
      peer: { name: 'multiplexed ssh', figure: multiplexedMs },
      bar: { kind: 'times', value: 30 },
    });

    // Servers allow ten sessions over one connection unless told otherwise, so the multiplexed client takes eight.
    const rates = await ratesAtOnce(3, { ours: { run: ours, times: 20 }, fresh: { run: fresh } });
    const many = { what: 'small SSH commands, 16 at once', ours: { value: rates.ours, unit: '/s' } } as const;
    report({ ...many, peer: { name: 'fresh ssh', figure: { value: rates.fresh, unit: '/s' } } });
  },
};
