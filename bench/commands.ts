import { strictEqual } from 'node:assert';
import { execa } from 'execa';
import type { Computer } from 'swelancer';
import { type Contender, timed } from './measure.js';
import { effort } from './effort.js';

/** The small command that everybody runs, and what it prints. */
export const smallCommand = 'echo small';
const smallOutput = 'small\n';

const atOnce = 16;

/** Runs the small command through the facade that agents and scorers use. */
export function oursWith(computer: Computer): () => Promise<void> {
  return async () => {
    const { stdout, exitCode } = await computer.sendShellCommand(smallCommand);
    check(stdout, exitCode);
  };
}

/** Runs the small command through a client program. */
export function clientWith(file: string, parameters: readonly string[]): () => Promise<void> {
  return async () => {
    const { stdout, exitCode } = await execa(file, parameters, { stripFinalNewline: false });
    check(stdout, exitCode);
  };
}

export function check(stdout: string, exitCode: number | null | undefined): void {
  strictEqual(stdout, smallOutput);
  strictEqual(exitCode, 0);
}

/** Commands per second with sixteen under way at any time. Contenders take turns, as in `takeTurns`. */
export async function ratesAtOnce<Name extends string>(
  rounds: number,
  contenders: Readonly<Record<Name, Contender>>,
): Promise<Readonly<Record<Name, number>>> {
  const names = Object.keys(contenders) as Name[]; // The keys of a record of names are names.
  const totals = Object.fromEntries(names.map((name) => [name, { ms: 0, commands: 0 }])) as Record<
    Name,
    { ms: number; commands: number }
  >; // As above.
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const { run, times = 1 } = contenders[name];
      const commands = round === 0 ? atOnce : effort(times, 1) * atOnce;
      let left = commands;
      const worker = async () => {
        while (left-- > 0) await run();
      };
      const ms = await timed(async () => Promise.all(Array.from({ length: atOnce }, worker)));
      if (round === 0) continue;
      totals[name].ms += ms;
      totals[name].commands += commands;
    }
  }
  const rate = (name: Name) => (totals[name].commands / totals[name].ms) * 1000;
  return Object.fromEntries(names.map((name) => [name, rate(name)])) as Record<Name, number>; // As above.
}
