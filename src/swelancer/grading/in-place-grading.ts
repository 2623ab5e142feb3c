import type { EventScope } from '../../events/event-scope.js';
import type { ProvisionedComputer } from '../provision.js';
import type { Patch } from '../patch.js';
import type { TestsCustody } from '../tests-custody.js';
import type { GradingSession } from './grading-session.js';
import type { RoundArtifacts } from './round-artifacts.js';
import { runTestRound } from './test-round.js';

export interface InPlaceGradingOptions {
  readonly provisioned: ProvisionedComputer;
  readonly taskId: string;
  readonly tests: TestsCustody;
  readonly patch: Patch | undefined;
  readonly answer: Uint8Array | undefined;
  readonly signal: AbortSignal;
  readonly tryTimeoutMs: number;
  readonly events: EventScope;
  /** Keeps what each round leaves to be looked at. Default: nothing. */
  readonly artifacts?: RoundArtifacts | undefined;
}

/**
 * Grades in the agent's own computer, as upstream does: for computers that cannot be had twice. Stray processes are
 * ended, and the tests come from our copy into an emptied folder. What an agent changed elsewhere, such as programs on
 * the path, is still there; fresh grading is the safer rule.
 */
export function inPlaceGrading(options: InPlaceGradingOptions): GradingSession {
  const { provisioned, taskId, tests, patch, answer, signal, tryTimeoutMs, events } = options;
  const restored = async () => {
    const { computer, layout } = provisioned;
    await computer.killAll({ signal });
    await tests.restore(computer, layout, { signal });
    return provisioned;
  };
  let ready: Promise<ProvisionedComputer> | undefined;
  return {
    patch,
    answer,
    computer: () => (ready ??= restored()),
    // Restored for each round: a round runs the agent's code, which could change the tests for the next one.
    runTests: async () => {
      ready = restored();
      const { computer, layout } = await ready;
      const place = { computer, layout, taskId, signal };
      await options.artifacts?.clear({ ...place, events });
      const round = await runTestRound({ ...place, timeoutMs: tryTimeoutMs });
      await options.artifacts?.collect({ ...place, events });
      return round;
    },
  };
}
