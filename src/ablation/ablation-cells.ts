import type { Agent, AgentLimits } from '../agent/agent.js';
import type { NetworkPolicy } from '../computer/network-policy.js';
import { ConfigurationError } from '../errors.js';
import type { EvalOptions } from '../eval/eval-options.js';
import { type OptionNames, unknownOptions, refuseProblems } from '../option-names.js';

/** What a cell may have of its own. All cells are about the same tasks. */
export type AblationChange = Partial<
  Omit<EvalOptions, 'dataset' | 'store' | 'runId' | 'name' | 'events' | 'signal' | 'labels' | 'seed'>
>;

/** The levels of each factor. The first level of each is the baseline's. */
export interface AblationFactors {
  /** Whether agents of IC tasks may run the user's walk through the app. */
  readonly userTool?: readonly boolean[] | undefined;
  readonly network?: readonly NetworkPolicy[] | undefined;
  /** By names for people, none of which may be a whole number: `{ 'effort low': …, 'effort high': … }`. */
  readonly agent?: Readonly<Record<string, Agent>> | undefined;
  readonly limits?: Readonly<Record<string, AgentLimits>> | undefined;
  /** How often each task is attempted, as `epochs` are: the table has the chance that one of so many passes, and its dollars. */
  readonly attempts?: readonly number[] | undefined;
  /** Anything else, by factor and level: `{ grading: { fresh: { grading: 'fresh' }, … } }`. */
  readonly other?: Readonly<Record<string, Readonly<Record<string, AblationChange>>>> | undefined;
}

/** `one-at-a-time`: the baseline, and for each other level the baseline with that level. `full`: every combination. */
export type AblationDesign = 'one-at-a-time' | 'full';

export interface PlannedCell {
  readonly name: string;
  readonly factors: Readonly<Record<string, string>>;
  readonly change: AblationChange;
}

const factorNames: OptionNames<AblationFactors> = {
  userTool: true,
  network: true,
  agent: true,
  limits: true,
  attempts: true,
  other: true,
};

/**
 * Cells of a matrix in the order of its factors and levels, the last factor changing fastest.
 * @throws ConfigurationError
 */
export function matrixCells(given: AblationFactors, design: AblationDesign): readonly PlannedCell[] {
  refuseProblems('runAblation', factorProblems(given));
  const factors = levelsOf(given);
  const empty = factors.find(({ levels }) => levels.length === 0);
  if (factors.length === 0 || empty !== undefined)
    throw new ConfigurationError(
      empty === undefined
        ? 'An ablation needs a factor or variants: give at least one.'
        : `The factor ${empty.name} has no level. Give it at least one, or leave it out.`,
    );
  const combinations = design === 'full' ? everyCombination(factors) : oneAtATime(factors);
  return combinations.map((levels) => cellOf(levels));
}

function factorProblems(given: AblationFactors): readonly string[] {
  const unknown = unknownOptions(given, factorNames, 'factors');
  const known = Object.keys(factorNames).map((name) => `\`${name}\``);
  const { agent, limits, other = {} } = given;
  return [
    ...unknown,
    ...(unknown.length > 0
      ? [`the factors are ${known.join(', ')}; what else is varied is a factor of \`other\``]
      : []),
    ...orderProblems(agent, 'factors.agent'),
    ...orderProblems(limits, 'factors.limits'),
    ...orderProblems(other, 'factors.other'),
    ...Object.entries(other).flatMap(([name, levels]) => orderProblems(levels, `factors.other.${name}`)),
  ];
}

/** JavaScript puts names that are whole numbers first, by their size: which was given first, nobody knows. */
function orderProblems(named: object | undefined, place: string): readonly string[] {
  return Object.keys(named ?? {})
    .filter((name) => /^(0|[1-9]\d*)$/.test(name))
    .map(
      (name) =>
        `\`${place}\` has the name "${name}", and JavaScript loses the place of names that are whole numbers, so that the baseline could be another; name it otherwise, "n=${name}" say`,
    );
}

/** Cells that were named one by one; the first is the baseline. @throws ConfigurationError */
export function variantCells(variants: Readonly<Record<string, AblationChange>>): readonly PlannedCell[] {
  refuseProblems('runAblation', orderProblems(variants, 'variants'));
  const cells = Object.entries(variants).map(([name, change]) => ({
    name,
    factors: { variant: name },
    change,
  }));
  if (cells.length === 0) throw new ConfigurationError('An ablation needs at least one variant.');
  return cells;
}

interface Level {
  readonly factor: string;
  readonly name: string;
  readonly change: AblationChange;
}

interface Factor {
  readonly name: string;
  readonly levels: readonly Level[];
}

function levelsOf({
  userTool,
  network,
  agent,
  limits,
  attempts,
  other = {},
}: AblationFactors): readonly Factor[] {
  const named = <T>(values: Readonly<Record<string, T>>, change: (value: T) => AblationChange) =>
    Object.entries(values).map(([name, value]) => [name, change(value)] as const);
  const all: readonly (readonly [string, readonly (readonly [string, AblationChange])[] | undefined])[] = [
    ['userTool', userTool?.map((on) => [on ? 'on' : 'off', { userTool: on }])],
    ['network', network?.map((policy) => [policy, { computers: { network: policy } }])],
    ['agent', agent && named(agent, (value) => ({ agent: value }))],
    ['limits', limits && named(limits, (value) => ({ limits: value }))],
    ['attempts', attempts?.map((epochs) => [String(epochs), { epochs }])],
    ...Object.entries(other).map(([name, levels]) => [name, named(levels, (change) => change)] as const),
  ];
  return all.flatMap(([factor, levels]) =>
    levels === undefined
      ? []
      : { name: factor, levels: levels.map(([name, change]) => ({ factor, name, change })) },
  );
}

function everyCombination(factors: readonly Factor[]): readonly (readonly Level[])[] {
  return factors.reduce<readonly (readonly Level[])[]>(
    (cells, { levels }) => cells.flatMap((cell) => levels.map((level) => [...cell, level])),
    [[]],
  );
}

function oneAtATime(factors: readonly Factor[]): readonly (readonly Level[])[] {
  const baseline = factors.flatMap(({ levels }) => levels.slice(0, 1));
  const others = factors.flatMap(({ levels }, index) =>
    levels.slice(1).map((level) => baseline.with(index, level)),
  );
  return [baseline, ...others];
}

function cellOf(levels: readonly Level[]): PlannedCell {
  return {
    name: levels.map(({ factor, name }) => `${factor} ${name}`).join(', '),
    factors: Object.fromEntries(levels.map(({ factor, name }) => [factor, name])),
    change: levels.reduce<AblationChange>((change, level) => merged(change, level.change), {}),
  };
}

/** Two factors may each set a part of the computers, or of the limits. What is said in groups adds to what was said before. */
export function merged<T extends AblationChange>(first: T, second: AblationChange): T {
  return {
    ...first,
    ...second,
    ...(second.computers !== undefined && { computers: { ...first.computers, ...second.computers } }),
    ...(second.limits !== undefined && { limits: { ...first.limits, ...second.limits } }),
    ...(second.deadlines !== undefined && { deadlines: { ...first.deadlines, ...second.deadlines } }),
    ...(second.retries !== undefined && { retries: { ...first.retries, ...second.retries } }),
    ...(second.concurrency !== undefined && {
      concurrency: { ...concurrencyGroup(first.concurrency), ...concurrencyGroup(second.concurrency) },
    }),
    ...(second.configuration !== undefined && {
      configuration: { ...first.configuration, ...second.configuration },
    }),
  };
}

function concurrencyGroup(given: EvalOptions['concurrency']): Extract<EvalOptions['concurrency'], object> {
  return typeof given === 'number' ? { tasks: given } : (given ?? {});
}
