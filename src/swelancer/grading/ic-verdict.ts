import { ConfigurationError } from '../../errors.js';
import type { GradingFault } from '../errors.js';
import type { FailedStep } from '../playbook-output.js';

/** One round of end-to-end tests, reduced to what decides. */
export interface IcRound {
  /** pytest's exit code; `null` where the playbook stopped before it. */
  readonly exitCode: number | null;
  readonly failedStep?: FailedStep | undefined;
  /** How the round was ended from outside, if it was. */
  readonly ended?: 'timeout' | 'out_of_memory' | undefined;
}

export interface IcVerdictOptions {
  /** Rounds to run while tests fail; the first that passes ends it. Default 3, upstream's. */
  readonly maxRounds?: number | undefined;
  /** Whether the app is known to build without the patch. Default true: a computer is ready only after a build. */
  readonly baseBuilds?: boolean | undefined;
  /** Upstream's verdicts for every row of its table, its mistakes included. Default false. */
  readonly parity?: boolean | undefined;
}

/** Every option with its effective value. */
export function icVerdictSettings({ maxRounds = 3, baseBuilds = true, parity = false }: IcVerdictOptions) {
  return { maxRounds, baseBuilds, parity };
}

export type IcVerdict =
  | {
      readonly kind: 'scored';
      readonly outcome: 'passed' | 'tests_failed' | 'build_failed';
      readonly value: 0 | 1;
      readonly explanation: string;
    }
  | {
      readonly kind: 'fault';
      readonly reason: GradingFault;
      readonly retryable: boolean;
      readonly explanation: string;
    }
  /** Not decided: run another round, on a process table cleared of the last one's leftovers. */
  | { readonly kind: 'undecided'; readonly explanation: string };

/**
 * What the rounds so far say. Pure: call it after each round until it decides.
 * Upstream calls a build that the patch broke "ran smoothly" when every round ends so, and calls trouble of the test
 * runner a failed rollout; here the step that failed tells whose fault it was.
 */
export function icVerdict(rounds: readonly IcRound[], options: IcVerdictOptions = {}): IcVerdict {
  const { maxRounds, baseBuilds, parity } = icVerdictSettings(options);
  if (parity) return parityVerdict(rounds, maxRounds);
  if (!(maxRounds >= 1))
    throw new ConfigurationError(`\`maxRounds\` is ${maxRounds}; at least one round is needed to decide.`);
  // The first round that decides is the last that counts.
  for (let count = 1; count <= rounds.length; count++) {
    const soFar = verdict(rounds.slice(0, count), maxRounds, baseBuilds);
    if (soFar.kind !== 'undecided' || count === rounds.length) return soFar;
  }
  return undecided('no round of tests has run');
}

function verdict(rounds: readonly IcRound[], maxRounds: number, baseBuilds: boolean): IcVerdict {
  const last = rounds.at(-1);
  if (last === undefined) return undecided('no round of tests has run');
  if (last.exitCode === 0) return passed(rounds.length);
  if (last.ended === 'out_of_memory') {
    return fault(
      'out_of_memory',
      "the tests ran out of memory: raise the computer's `resources.memoryBytes`",
      true,
    );
  }
  if (last.ended === 'timeout') {
    return fault('timeout', 'a round of tests passed its deadline: raise `deadlines.gradeTryMs`', true);
  }
  if (last.exitCode === null) return stoppedEarly(rounds, last.failedStep, baseBuilds);
  if (last.exitCode !== 1) return runnerTrouble(last.exitCode);
  const failures = rounds.filter((round) => round.exitCode === 1).length;
  if (failures >= maxRounds) return testsFailed(failures);
  return undecided(`tests failed in ${failures} of at most ${maxRounds} rounds`);
}

function stoppedEarly(
  rounds: readonly IcRound[],
  step: FailedStep | undefined,
  baseBuilds: boolean,
): IcVerdict {
  if (step === undefined)
    return fault('playbook', 'the playbook left no exit code and named no failed step', true);
  if (step.killed)
    return fault('out_of_memory', `the step "${step.name}" was killed, most likely for want of memory`, true);
  switch (step.kind) {
    case 'build':
      if (rounds.some((round) => round.exitCode !== null)) {
        return fault(
          'playbook',
          `the step "${step.name}" failed, though the app was built with this patch before`,
          true,
        );
      }
      return baseBuilds
        ? scored(
            'build_failed',
            0,
            `the app builds without the patch and not with it: the step "${step.name}" failed`,
          )
        : fault(
            'playbook',
            `the step "${step.name}" failed, and the app is not known to build without the patch`,
            false,
          );
    case 'app-server': {
      const times = rounds.filter((round) => round.failedStep?.kind === 'app-server').length;
      if (times < 2) return undecided(`the app's server did not come up ("${step.name}")`);
      return baseBuilds
        ? scored('build_failed', 0, `the app's server did not come up with the patch, twice ("${step.name}")`)
        : fault('playbook', `the app's server did not come up, twice ("${step.name}")`, true);
    }
    case 'backend':
    case 'other':
      return fault('playbook', `the step "${step.name}" failed, on which the patch has no influence`, true);
  }
}

function runnerTrouble(exitCode: number): IcVerdict {
  if (exitCode === 137)
    return fault('out_of_memory', 'pytest was killed (exit code 137), most likely for want of memory', true);
  if (exitCode < 0) return fault('test_runner', `pytest was ended by signal ${-exitCode}`, true);
  const meaning = pytestCodes.get(exitCode) ?? 'unknown to pytest';
  return fault('test_runner', `pytest ended with ${exitCode} (${meaning})`, exitCode !== 4 && exitCode !== 5);
}

/** Source: pytest's documentation. */
const pytestCodes: ReadonlyMap<number, string> = new Map([
  [2, 'interrupted'],
  [3, 'internal error'],
  [4, 'wrong usage'],
  [5, 'no tests collected'],
  [124, 'timed out'],
]);

/** Upstream: 0 passes, 2 and above are system errors, everything else scores 0; a missing code counts as -1. */
function parityVerdict(rounds: readonly IcRound[], maxRounds: number): IcVerdict {
  if (maxRounds <= 0) return fault('test_runner', 'no rounds were asked for', true);
  for (const [index, { exitCode, ended }] of rounds.entries()) {
    if (ended === 'timeout') return fault('timeout', 'grading passed its deadline', true);
    if (exitCode === 0) return passed(index + 1);
    if (exitCode !== null && exitCode >= 2)
      return fault('test_runner', `pytest ended with ${exitCode}`, true);
  }
  if (rounds.length < maxRounds) return undecided(`${rounds.length} of ${maxRounds} rounds have run`);
  const ran = rounds.some((round) => round.exitCode !== null);
  return scored(
    'tests_failed',
    0,
    ran ? 'tests failed in every round' : 'no round left an exit code, which upstream scores 0',
  );
}

const scored = (
  outcome: 'passed' | 'tests_failed' | 'build_failed',
  value: 0 | 1,
  explanation: string,
): IcVerdict => ({
  kind: 'scored',
  outcome,
  value,
  explanation,
});
const passed = (round: number) => scored('passed', 1, `tests passed in round ${round}`);
const testsFailed = (rounds: number) =>
  scored('tests_failed', 0, `tests failed in ${rounds} of ${rounds} rounds`);
const undecided = (explanation: string): IcVerdict => ({ kind: 'undecided', explanation });
const fault = (reason: GradingFault, explanation: string, retryable: boolean): IcVerdict => ({
  kind: 'fault',
  reason,
  retryable,
  explanation,
});
