import type { AgentContext } from '../agent/agent.js';
import { GradingError } from '../swelancer/errors.js';
import { applyPatch, extractPatch, resetToBase } from '../swelancer/patch.js';
import type { PreparedComputer } from '../swelancer/prepare.js';
import type { ProvisionedComputer } from '../swelancer/provision.js';
import { type SecondComputer, startSecondComputer } from '../swelancer/second-computer.js';
import { runUserTool, type UserToolPlace } from '../swelancer/user-tool.js';
import type { Attempt } from './attempt.js';
import type { Countdown } from './countdown.js';
import { offTheClock } from './gates.js';
import { provisionOf } from './provision-of-attempt.js';

/** The user tool of one attempt, with the side computer it keeps between calls. */
export interface UserToolOfAttempt extends AsyncDisposable {
  /** For an agent whose time is on `clock`. Undefined where it has no user tool. */
  on(clock: Countdown): AgentContext['userTool'];
}

export function createUserTool(
  attempt: Attempt,
  provisioned: ProvisionedComputer,
  prepared: PreparedComputer,
): UserToolOfAttempt {
  const { task, userTool = true } = attempt.options;
  if (task.variant !== 'ic_swe' || !userTool)
    return { on: () => undefined, [Symbol.asyncDispose]: async () => undefined };
  const events = attempt.events.within({ phase: 'solve' });
  const beside = sideComputer(attempt, provisioned, prepared);
  const placeOn = (clock: Countdown): UserToolPlace =>
    attempt.grading === 'in-place' && prepared.tests !== undefined
      ? { kind: 'in-place', tests: prepared.tests }
      : { kind: 'side-computer', prepare: (signal) => beside.prepare(signal, clock) };
  return {
    on:
      (clock) =>
      (options = {}) =>
        runUserTool({
          taskId: task.id,
          agentComputer: provisioned.computer.within(events),
          layout: provisioned.layout,
          place: placeOn(clock),
          events,
          signal: options.signal ?? attempt.options.signal ?? new AbortController().signal,
          timeoutMs: attempt.deadlines.userToolMs,
        }),
    [Symbol.asyncDispose]: beside.dispose,
  };
}

/** Started at the first call and kept: set-up takes minutes. Brought to the agent's current state at each call. */
function sideComputer(attempt: Attempt, agent: ProvisionedComputer, prepared: PreparedComputer) {
  const { runtime } = attempt.options;
  const events = attempt.events.within({ phase: 'solve' });
  let started: Promise<SecondComputer> | undefined;

  const start = async (signal: AbortSignal, clock: Countdown): Promise<SecondComputer> => {
    if (runtime === undefined) throw new Error('A side computer is used only where there is a runtime.');
    const { startMs, readyMs } = attempt.deadlines;
    return startSecondComputer(
      provisionOf(attempt, runtime, 'user-tool', {
        events,
        signal,
        timeoutMs: startMs,
        startGate: offTheClock(attempt.options.gates?.start, clock),
      }),
      readyMs,
    );
  };

  const prepare = async (signal: AbortSignal, clock: Countdown): Promise<SecondComputer> => {
    if (prepared.bundle === undefined) throw new Error('Only IC tasks have a user tool.');
    const source = { base: prepared.base, bundle: prepared.bundle };
    const patch = await extractPatch(agent.computer.within(events), agent.layout, source, { signal });
    started ??= start(signal, clock);
    let side: SecondComputer;
    try {
      side = await started;
    } catch (error) {
      started = undefined;
      throw error;
    }
    await side.computer.killAll({ signal });
    await resetToBase(side.computer, side.layout, side.base, { signal });
    const outcome = await applyPatch(side.computer, side.layout, patch, { signal });
    if (outcome.applied) return side;
    throw new GradingError(
      `The current state could not be brought to the user tool's computer: ${outcome.reason}`,
      {
        reason: 'patch_does_not_apply',
        phase: 'solve',
      },
    );
  };

  const dispose = async () => {
    const side = await started?.catch(() => undefined);
    await side?.computer.cleanup();
  };
  return { prepare, dispose };
}
