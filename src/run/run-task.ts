import type { Score } from '../scorer/scorer.js';
import { fullSetup, type ProvisionedComputer } from '../swelancer/provision.js';
import { endSetups } from '../swelancer/end-setups.js';
import { sharedSetups } from '../swelancer/shared-setups.js';
import { startReadyComputer } from '../swelancer/ready-computer.js';
import { Computer } from '../computer/computer.js';
import { officialLayout } from '../swelancer/layout.js';
import { prepareComputer, type PreparedComputer } from '../swelancer/prepare.js';
import { beginAttempt, type Attempt, ungraded, warn } from './attempt.js';
import { collect, type CollectedWork } from './collect.js';
import { freshSession, gradeAttempt, inPlaceSession } from './grade-attempt.js';
import { finishAttempt } from './finish-attempt.js';
import { throughGate } from './gates.js';
import { runTaskNames, sharedOptionProblems } from './option-problems.js';
import { unknownOptions, refuseProblems } from '../option-names.js';
import { provisionOf } from './provision-of-attempt.js';
import type { RunTaskOptions } from './run-task-options.js';
import { solve } from './solve.js';
import type { TaskResult } from '../result/task-result.js';

/**
 * Runs one attempt at one task, from an image to a payout, and gives everything back.
 * Resolves for every end but a caller's mistake: look at `status`.
 * @throws ConfigurationError before anything is started, naming each option that is wrong or does not exist.
 */
export async function runTask(options: RunTaskOptions): Promise<TaskResult> {
  refuseProblems('runTask', [...unknownOptions(options, runTaskNames), ...sharedOptionProblems(options)]);
  // Grading and the user tool start from the agent's set-up even where nobody else shares it.
  const own = options.setups === undefined ? sharedSetups() : undefined;
  const attempt = beginAttempt({ ...options, setups: options.setups ?? own });
  const { task } = options;
  attempt.events.emit('task.started', { variant: task.variant, priceDollars: task.price, title: task.title });
  let ending: Score | { thrown: unknown };
  try {
    ending = await earn(attempt);
  } catch (thrown) {
    ending = { thrown };
  }
  const left = own && (await endSetups(own, attempt.events));
  if (left !== undefined) attempt.facts.warnings.push(left);
  return finishAttempt(attempt, ending);
}

async function earn(attempt: Attempt): Promise<Score> {
  const provisioned = await provision(attempt);
  try {
    const prepared = await attempt.phase('prepare', 'prepareMs', (events, signal) =>
      prepareComputer({
        task: attempt.options.task,
        computer: provisioned.computer.within(events),
        layout: provisioned.layout,
        keepTests: attempt.options.computer !== undefined || attempt.grading === 'in-place',
        signal,
      }),
    );
    try {
      await solve(attempt, provisioned, prepared);
      const work = await collect(attempt, provisioned, prepared);
      await attempt.options.checkpoint?.(ungraded(attempt));
      return await gradeAttempt(attempt, sessionFor(attempt, provisioned, prepared, work));
    } finally {
      await giveBackTests(attempt, provisioned, prepared);
    }
  } finally {
    await dispose(attempt, provisioned.computer);
  }
}

function sessionFor(
  attempt: Attempt,
  provisioned: ProvisionedComputer,
  { base, tests }: PreparedComputer,
  work: CollectedWork,
) {
  const { runtime } = attempt.options;
  if (attempt.grading === 'fresh' && runtime !== undefined) return freshSession(attempt, runtime, work, base);
  if (tests === undefined)
    throw new Error('Grading in place needs the copy of the tests that prepareComputer keeps for it.');
  return inPlaceSession(attempt, provisioned, tests, work);
}

/** A computer of our own, started and ready; or the caller's, as it is. */
async function provision(attempt: Attempt): Promise<ProvisionedComputer> {
  const { computer: foreign, runtime, computers = {}, gates } = attempt.options;
  if (foreign !== undefined || runtime === undefined) {
    if (foreign === undefined)
      throw new Error('beginAttempt lets no task through without a computer or a runtime.');
    const computer = Computer.from(foreign, {
      events: attempt.events,
      redactor: attempt.redactor,
      owned: false,
    });
    return { computer, layout: (computers.layout ?? officialLayout)(computer.root) };
  }
  const { startMs, readyMs } = attempt.deadlines;
  const provision = provisionOf(attempt, runtime, 'agent', {
    events: attempt.events,
    signal: attempt.options.signal ?? new AbortController().signal,
    timeoutMs: startMs,
    startGate: (work, signal) => throughGate(gates?.start, signal, work),
  });
  attempt.facts.image = fullSetup(provision).image;
  const ready = await startReadyComputer({
    provision,
    readyTimeoutMs: readyMs,
    allow: computers.allowHosts,
    step: async (phase, deadline, work) => attempt.phase(phase, deadline, work),
    discard: async (computer) => dispose(attempt, computer),
  });
  attempt.facts.network = ready.network;
  return ready;
}

/** A computer that stays with its owner gets its tests back; our own copy goes. */
async function giveBackTests(
  attempt: Attempt,
  { computer, layout }: ProvisionedComputer,
  prepared: PreparedComputer,
) {
  try {
    if (attempt.options.computer !== undefined) {
      await attempt.phase('cleanup', 'cleanupMs', async (events, signal) =>
        prepared.tests?.restore(computer.within(events), layout, { signal }),
      );
    }
    await prepared[Symbol.asyncDispose]();
  } catch (error) {
    warn(attempt, 'The tests could not be put back.', error);
  }
}

async function dispose(attempt: Attempt, computer: Computer): Promise<void> {
  try {
    await attempt.phase('cleanup', 'cleanupMs', (events, signal) =>
      computer.within(events).cleanup({ signal }),
    );
  } catch (error) {
    warn(attempt, `Computer ${computer.id} could not be given back.`, error);
  }
}
