import { ConfigurationError } from './errors.js';
import { nearestName } from './nearest-name.js';

/** Every option that a function knows. The type sees to it that none is missing. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/**
 * A problem for each option that does not exist, with the nearest that does.
 *
 * @param group where the options are, such as `limits`. Default: at the top.
 */
export function unknownOptions(
  given: object | undefined,
  known: Readonly<Record<string, unknown>>,
  group?: string,
): readonly string[] {
  return Object.entries(given ?? {}).flatMap(([name, value]) =>
    Object.hasOwn(known, name) || value === undefined ? [] : [unknownOption(name, Object.keys(known), group)],
  );
}

/** Those of the options that a function knows, where it may be given more. */
export function knownOptions<Options extends object, Name extends keyof Options>(
  given: Options,
  known: Readonly<Record<Name, true>>,
): Pick<Options, Name> {
  const kept = Object.entries(given).filter(([name]) => Object.hasOwn(known, name));
  // Whatever `known` names is kept, and nothing else, which is what the type says.
  return Object.fromEntries(kept) as Pick<Options, Name>;
}

export function unknownOption(name: string, known: readonly string[], group?: string): string {
  const whole = (option: string) => (group === undefined ? option : `${group}.${option}`);
  const nearest = nearestName(name, known);
  const advice = nearest === undefined ? '' : `, did you mean \`${whole(nearest)}\`?`;
  return `\`${whole(name)}\` does not exist${advice}`;
}

/** @throws ConfigurationError that names every option that is wrong. */
export function refuseProblems(callee: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new ConfigurationError(`${callee} cannot work with these options: ${problems.join('; ')}.`);
}
