import type { ProvisionOptions, ProvisionedComputer } from '../provision.js';
import type { BaseTree } from '../base-commit.js';
import { GradingError, PatchRejectedError } from '../errors.js';
import { applyPatch, type Patch } from '../patch.js';
import { startSecondComputer } from '../second-computer.js';
import type { GradingSession } from './grading-session.js';
import type { RoundArtifacts } from './round-artifacts.js';
import { runTestRound } from './test-round.js';

export interface FreshGradingOptions {
  readonly provision: ProvisionOptions;
  readonly patch: Patch | undefined;
  readonly answer: Uint8Array | undefined;
  /** The base the patch was taken from. Undefined for a patch that came from elsewhere. */
  readonly base: BaseTree | undefined;
  readonly readyTimeoutMs: number;
  readonly tryTimeoutMs: number;
  /** Keeps what each round leaves to be looked at. Default: nothing. */
  readonly artifacts?: RoundArtifacts | undefined;
}

/**
 * Grades in a computer that no agent has touched: the same image, with the patch applied. What an agent planted in its
 * own computer, or left running there, is not here.
 */
export function freshGrading(options: FreshGradingOptions): GradingSession & AsyncDisposable {
  const { provision, patch, answer, tryTimeoutMs, artifacts } = options;
  const { signal, task, events } = provision;
  let started: Promise<ProvisionedComputer> | undefined;
  let leftovers = false;
  const computer = () => (started ??= startPatched(options));
  return {
    patch,
    answer,
    computer,
    runTests: async () => {
      const { computer: grader, layout } = await computer();
      if (leftovers) await grader.killAll({ signal });
      const place = { computer: grader, layout, taskId: task.id, signal };
      await artifacts?.clear({ ...place, events });
      const round = await runTestRound({ timeoutMs: tryTimeoutMs, ...place });
      await artifacts?.collect({ ...place, events });
      leftovers = round.judged.exitCode === null;
      return round;
    },
    [Symbol.asyncDispose]: async () => {
      const running = await started?.catch(() => undefined);
      await running?.computer.cleanup();
    },
  };
}

async function startPatched(options: FreshGradingOptions): Promise<ProvisionedComputer> {
  const { provision, patch, base, readyTimeoutMs } = options;
  const second = await startSecondComputer(provision, readyTimeoutMs);
  try {
    if (base !== undefined && base.tree !== second.base.tree) {
      provision.events.emit('diagnostic', {
        message: `The grading computer's files differ from those the agent started with (tree ${second.base.tree}, not ${base.tree}): the image does not set itself up the same way twice.`,
      });
    }
    if (patch !== undefined) await applyOrThrow(second, patch, base !== undefined, provision.signal);
    return second;
  } catch (error) {
    await second.computer.cleanup();
    throw error;
  }
}

async function applyOrThrow(
  { computer, layout }: ProvisionedComputer,
  patch: Patch,
  extracted: boolean,
  signal: AbortSignal,
) {
  const outcome = await applyPatch(computer, layout, patch, { signal });
  if (outcome.applied) return;
  if (!extracted)
    throw new PatchRejectedError(`git refuses the patch: ${outcome.reason}`, { phase: 'grade' });
  throw new GradingError(
    `The agent's patch does not apply to a fresh computer of the same image: ${outcome.reason}`,
    {
      reason: 'patch_does_not_apply',
      computerId: computer.id,
    },
  );
}
