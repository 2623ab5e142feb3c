import { posix } from 'node:path';

/** A place an agent named, the likeliest first. */
export interface RankedLocation {
  /** Below the repository. */
  readonly path: string;
  readonly function?: string | undefined;
}

/**
 * Reads an agent's list. Asked for is one `path` or `path:function` a line; taken as well are JSON texts of these or of
 * objects with `path` or `file` and perhaps `function`, or arrays of such, alone or as a property of an object, code fences, list marks,
 * numbers of lines behind the path, absolute paths, and blanks around the colon behind a file: `path: function`. Other
 * lines with blanks inside are remarks. Undefined where no place is named at all.
 *
 * @param repository The repository's path in the benchmark's layout, such as `/app/expensify`; what stands before and up
 * to it is cut off.
 */
export function parseRankedLocations(answer: string, repository: string): RankedLocation[] | undefined {
  const text = answer.replace(/^\s*```.*$/gm, '').trim();
  const found = (fromJson(text) ?? fromLines(text)).flatMap((entry) => normalised(entry, repository) ?? []);
  return found.length === 0 ? undefined : found;
}

interface NamedLocation {
  readonly place: string;
  readonly function?: string | undefined;
}

function fromJson(text: string): NamedLocation[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const list = Array.isArray(value)
    ? value
    : isObject(value)
      ? Object.values(value).find(Array.isArray)
      : undefined;
  return Array.from<unknown>(list ?? [value]).flatMap((entry): NamedLocation[] => {
    if (typeof entry === 'string') return [{ place: entry }];
    if (!isObject(entry)) return [];
    const place = entry['path'] ?? entry['file'];
    const name = entry['function'];
    if (typeof place !== 'string') return [];
    return [{ place, function: typeof name === 'string' ? name : undefined }];
  });
}

/** `Here: this` is a remark: what stands before the colon has to look like a file, and what is behind it like one name. */
function withoutBlanksAtColon(line: string): string {
  const [, file = '', name = ''] = /^(\S+?)\s*::?\s+(\S+)$/.exec(line) ?? [];
  const isFile = file.includes('/') || /\.\w+$/.test(file);
  return isFile && /^[\w$.]+(?:\([^()]*\))?$/.test(name) ? `${file}:${name}` : line;
}

function fromLines(text: string): NamedLocation[] {
  return text
    .split('\n')
    .map((line) => line.trim().replace(/^(?:[-*+]|\d+[.)])\s+/, ''))
    .map((line) => line.replaceAll('`', '').replace(/^["']+|["',;]+$/g, ''))
    .map(withoutBlanksAtColon)
    .filter((line) => line !== '' && !/\s/.test(line) && !isHeading(line))
    .map((place) => ({ place }));
}

/** `Files:` is none of them. */
function isHeading(line: string): boolean {
  return /^[^/.]+:$/.test(line);
}

function normalised(
  { place, function: named }: NamedLocation,
  repository: string,
): RankedLocation | undefined {
  const [written = '', ...behind] = place.trim().replaceAll('\\', '/').split(/::?|#/);
  const within = written.indexOf(`${repository}/`);
  const relative = within === -1 ? written : written.slice(within + repository.length + 1);
  const path = posix.normalize(relative).replace(/^\//, '');
  if (path === '.' || path.startsWith('../') || path === '..') return undefined;
  const name = named ?? behind.find((part) => !/^L?\d+(?:-L?\d+)?$/.test(part));
  // `Session.signOut()` is in what is declared as Session.
  const declared = name?.split(/[.(]/)[0]?.trim();
  return declared === undefined || declared === '' ? { path } : { path, function: declared };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
