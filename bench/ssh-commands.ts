import { clientWith, oursWith, ratesAtOnce, smallCommand } from './commands.js';
import { median, takeTurns } from './measure.js';
import type { RowGroup } from './row.js';
import { missingSsh, type SshPlace, sshPlace } from './ssh-place.js';
import { effort } from './effort.js';

type Report = Parameters<RowGroup['measure']>[0];

const rounds = effort(15, 1);

/** Small commands over SSH: ours, a fresh `ssh`, and one over a connection that stands. */
export const sshCommands: RowGroup = {
  name: 'ssh-commands',
  missing: missingSsh,
  measure: async (report) => {
    {
      await using place = await sshPlace();
      await oneAfterAnother(place, 'small SSH command, p50', report);
      await manyAtOnce(place, report);
    }
    await using place = await sshPlace({ startUpFiles: true });
    // The bars come from such an account: `pyenv init` in root's .bashrc.
    await oneAfterAnother(place, "the same, through root's start-up files", report);
  },
};

async function oneAfterAnother(place: SshPlace, what: string, report: Report): Promise<void> {
  const taken = await takeTurns(rounds, {
    ours: { run: oursWith(place.computer), times: 20 },
    fresh: { run: clientWith('ssh', [...place.fresh, place.destination, smallCommand]), times: 2 },
    multiplexed: {
      run: clientWith('ssh', [...place.multiplexed, place.destination, smallCommand]),
      times: 2,
    },
  });
  const ours = { value: median(taken.ours), unit: 'ms' } as const;
  for (const [name, times, bar] of [
    ['fresh ssh', taken.fresh, 100],
    ['multiplexed ssh', taken.multiplexed, 30],
  ] as const) {
    const peer = { name, figure: { value: median(times), unit: 'ms' } } as const;
    report({ what, ours, peer, bar: { kind: 'times', value: bar } });
  }
}

async function manyAtOnce(place: SshPlace, report: Report): Promise<void> {
  const rates = await ratesAtOnce(3, {
    ours: { run: oursWith(place.computer), times: 20 },
    fresh: { run: clientWith('ssh', [...place.fresh, place.destination, smallCommand]) },
    multiplexed: {
      run: clientWith('ssh', [...place.multiplexed, place.destination, smallCommand]),
      times: 5,
    },
  });
  const ours = { value: rates.ours, unit: '/s' } as const;
  for (const [name, rate] of [
    ['fresh ssh', rates.fresh],
    ['multiplexed ssh', rates.multiplexed],
  ] as const) {
    const peer = { name, figure: { value: rate, unit: '/s' } } as const;
    report({ what: 'small SSH commands, 16 at once', ours, peer });
  }
}
