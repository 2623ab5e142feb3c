import { dockerCommands } from './docker-commands.js';
import { firstCommand } from './first-command.js';
import { harnessOverhead } from './harness-overhead.js';
import { killedHarness } from './killed-harness.js';
import { outputFlood } from './output-flood.js';
import type { RowGroup } from './row.js';
import { secondAttempt } from './second-attempt.js';
import { sshCommands } from './ssh-commands.js';
import { dockerTransfers, sshTransfers } from './transfers.js';

/** In the order of the table. */
export const groups: readonly RowGroup[] = [
  dockerCommands,
  sshCommands,
  outputFlood,
  dockerTransfers,
  sshTransfers,
  firstCommand,
  secondAttempt,
  killedHarness,
  harnessOverhead,
];
