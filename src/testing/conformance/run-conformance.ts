import { ConfigurationError, toErrorRecord } from '../../errors.js';
import { checkRunOptions } from './option-shapes.js';
import type { ConformanceCase, ConformanceLevel } from './conformance-case.js';
import { type ConformanceCases, conformanceCases } from './conformance-cases.js';
import type { ConformanceOptions, CreateComputer } from './conformance-options.js';
import type { ConformanceCaseResult, ConformanceReport } from './conformance-report.js';

export interface RunConformanceOptions extends ConformanceOptions {
  readonly create: CreateComputer;
  /** Default: all. */
  readonly levels?: readonly ConformanceLevel[] | undefined;
  /** Ids and families, such as `kill` and `upload/overwrites`. Default: all. */
  readonly only?: readonly string[] | undefined;
  /** Told of each case when it has ended. */
  readonly onCase?: ((result: ConformanceCaseResult) => void) | undefined;
  /** Ends the run before its next case. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the conformance suite, one case after another. A case that fails is part of the report and ends nothing. Where the
 * computer that the cases share cannot be cleaned up at the end, that is a failed result too: `cleanup/shared`.
 * @throws ConfigurationError for options that are unknown or cannot be used, or the signal's reason
 */
export async function runConformance(options: RunConformanceOptions): Promise<ConformanceReport> {
  checkRunOptions(options);
  const { create, levels, only, onCase, signal, ...suite } = options;
  const startedAt = new Date();
  const started = performance.now();
  const results: ConformanceCaseResult[] = [];
  const tell = (result: ConformanceCaseResult) => {
    results.push(result);
    onCase?.(result);
  };
  const cases = conformanceCases(create, suite);
  let failedCleanup: ConformanceCaseResult | undefined;
  try {
    for (const conformanceCase of selected([...cases], levels, only)) {
      signal?.throwIfAborted();
      tell(await runOne(conformanceCase, signal));
    }
  } finally {
    failedCleanup = await cleanUp(cases);
  }
  if (failedCleanup !== undefined) tell(failedCleanup);
  const count = (outcome: string) => results.filter((result) => result.outcome === outcome).length;
  const totals = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
  return {
    schema: 1,
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(performance.now() - started),
    passed: totals.failed === 0 && totals.passed > 0,
    totals,
    cases: results,
  };
}

/** @throws ConfigurationError for a name that no case has */
function selected(
  cases: readonly ConformanceCase[],
  levels: readonly ConformanceLevel[] | undefined,
  only: readonly string[] | undefined,
): readonly ConformanceCase[] {
  for (const name of only ?? []) {
    if (cases.some(({ id, family }) => id === name || family === name)) continue;
    const families = [...new Set(cases.map(({ family }) => family))].join(', ');
    throw new ConfigurationError(
      `There is no conformance case or family ${name}. The families are ${families}.`,
    );
  }
  return cases.filter(
    ({ id, family, level }) =>
      (levels?.includes(level) ?? true) && (only?.some((name) => name === id || name === family) ?? true),
  );
}

async function runOne(
  { id, family, level, title, run }: ConformanceCase,
  signal: AbortSignal | undefined,
): Promise<ConformanceCaseResult> {
  const started = performance.now();
  const facts = () => ({ id, family, level, title, durationMs: Math.round(performance.now() - started) });
  try {
    const outcome = await run({ signal });
    return { ...facts(), ...outcome };
  } catch (error) {
    return { ...facts(), outcome: 'failed', error: toErrorRecord(error) };
  }
}

/** Undefined where it worked. */
async function cleanUp(cases: ConformanceCases): Promise<ConformanceCaseResult | undefined> {
  const started = performance.now();
  try {
    await cases[Symbol.asyncDispose]();
    return undefined;
  } catch (error) {
    return {
      ...{ id: 'cleanup/shared', family: 'cleanup', level: 0 },
      title: 'the computer that the cases share is cleaned up at the end',
      outcome: 'failed',
      error: toErrorRecord(error),
      durationMs: Math.round(performance.now() - started),
    };
  }
}
