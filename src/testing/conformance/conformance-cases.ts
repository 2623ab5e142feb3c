import { settledWithin } from '../../computer/deadline.js';
import { allCases } from './all-cases.js';
import { ConformanceFailure } from './assertions.js';
import { CaseSkipped, openBench } from './case-bench.js';
import type { CaseDefinition } from './case-definition.js';
import { checkSuiteOptions } from './option-shapes.js';
import { ComputerSupply } from './computer-supply.js';
import type {
  ConformanceCase,
  ConformanceFamily,
  ConformanceOutcome,
  ConformanceRunContext,
} from './conformance-case.js';
import type { ConformanceOptions, CreateComputer } from './conformance-options.js';
import { missingCapability, missingOption } from './requirements.js';

/** Default of a case's time limit, in milliseconds. */
const defaultTimeoutMs = 90_000;

/** The cases, in the order of their levels. Dispose it at the end: the cases share a computer where they can. */
export interface ConformanceCases extends Iterable<ConformanceCase>, AsyncDisposable {}

/**
 * The conformance suite for any test runner:
 *
 * ```ts
 * const cases = conformanceCases(async () => myComputer());
 * afterAll(() => cases[Symbol.asyncDispose]());
 * for (const { id, title, timeoutMs, run } of cases) test(`${id}: ${title}`, { timeout: timeoutMs + 10_000 }, run);
 * ```
 * @throws ConfigurationError for options that are unknown or cannot be used
 */
export function conformanceCases(create: CreateComputer, options: ConformanceOptions = {}): ConformanceCases {
  checkSuiteOptions(create, options);
  const supply = new ComputerSupply(create, options);
  const cases = allCases.map((definition) => bindCase(definition, supply, options));
  return {
    [Symbol.iterator]: () => cases[Symbol.iterator](),
    [Symbol.asyncDispose]: async () => supply[Symbol.asyncDispose](),
  };
}

function bindCase(
  definition: CaseDefinition,
  supply: ComputerSupply,
  options: ConformanceOptions,
): ConformanceCase {
  const { id, level, title, requires = [], timeoutMs = defaultTimeoutMs } = definition;
  return {
    id,
    // The type of an id says that its first part is a family.
    family: id.slice(0, id.indexOf('/')) as ConformanceFamily,
    level,
    title,
    requires,
    timeoutMs,
    run: async (context: ConformanceRunContext = {}) => {
      const outcome = await runCase(definition, supply, options, context.signal, timeoutMs);
      // As a method of the context, which is how test runners have it.
      if (outcome.outcome === 'skipped') context.skip?.(outcome.reason);
      return outcome;
    },
  };
}

async function runCase(
  definition: CaseDefinition,
  supply: ComputerSupply,
  options: ConformanceOptions,
  signal: AbortSignal | undefined,
  timeoutMs: number,
): Promise<ConformanceOutcome> {
  signal?.throwIfAborted();
  const { requires = [], ownComputer, endsComputer = false } = definition;
  const missing = missingOption(requires, options);
  if (missing !== undefined) return { outcome: 'skipped', reason: missing };
  const implementation = ownComputer === undefined ? await supply.shared() : await supply.fresh(ownComputer);
  let passed = false;
  try {
    const lacking = missingCapability(requires, implementation);
    if (lacking !== undefined) {
      passed = true;
      return { outcome: 'skipped', reason: lacking };
    }
    await using bench = await openBench(definition, implementation, options, supply);
    try {
      await withinLimit(definition.body(bench), timeoutMs);
    } catch (error) {
      if (!(error instanceof CaseSkipped)) throw error;
      await bench.checkAfterwards();
      passed = true;
      return { outcome: 'skipped', reason: error.message };
    }
    await bench.checkAfterwards();
    passed = true;
    return { outcome: 'passed' };
  } finally {
    // What failed is the news; a computer that cannot be given back after that is part of the same story.
    const giveBack = async () => {
      if (ownComputer !== undefined) {
        if (!endsComputer || !passed) await supply.giveBack(implementation);
      } else if (!passed) await supply.replaceShared();
    };
    await (passed ? giveBack() : giveBack().catch(() => undefined));
  }
}

async function withinLimit(work: Promise<void>, timeoutMs: number): Promise<void> {
  if (await settledWithin(work, timeoutMs)) return work;
  throw new ConformanceFailure(`The case did not end within its time limit of ${timeoutMs} ms.`);
}
