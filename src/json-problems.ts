/**
 * A problem for each part of a value that JSON would change, named by its path, such as `configuration.maxTokens`: it would
 * be another one when it is read back. Two things are no loss: properties that are `undefined`, and the sign of -0.
 */
export function jsonProblems(value: unknown, path: string): readonly string[] {
  const problems = problemsIn(value, path, []);
  return problems.length === 0 ? [] : [...problems.slice(0, most), advice];
}

/** A list of thousands would not be read. */
const most = 5;
const advice =
  'what is kept as JSON are texts, finite numbers, true, false, null, and lists and plain objects of these';

/** @param around what the value is in, outermost first. */
function problemsIn(value: unknown, path: string, around: readonly object[]): readonly string[] {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return [];
  if (typeof value === 'number' && Number.isFinite(value)) return [];
  if (typeof value !== 'object' || !isPlain(value)) return [noForm(path, nameOf(value))];
  if (around.includes(value))
    return [`\`${path}\` is something that it is itself a part of, which JSON has no form for`];
  const within = [...around, value];
  // With the holes of a list, unlike its `flatMap`.
  if (Array.isArray(value))
    return Array.from(value, (part: unknown, index) => problemsIn(part, `${path}[${index}]`, within)).flat();
  return Object.entries(value).flatMap(([name, part]: [string, unknown]) => {
    if (part === undefined) return [];
    const member = memberOf(path, name);
    return name === '__proto__'
      ? [`\`${member}\` has a name that objects lose; name it otherwise`]
      : problemsIn(part, member, within);
  });
}

function noForm(path: string, what: string): string {
  return `\`${path}\` is ${what}, which JSON has no form for`;
}

/** Also one of another realm, such as a `vm` context. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function memberOf(path: string, name: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)
    ? `${path}.${name}`
    : `${path}[${JSON.stringify(name)}]`;
}

function nameOf(value: unknown): string {
  switch (typeof value) {
    case 'bigint':
      return `the bigint ${value}`;
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    case 'object':
      return value === null ? 'null' : `an object of class ${value.constructor.name || 'unknown'}`;
    default:
      return String(value);
  }
}
