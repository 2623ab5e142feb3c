import { createHash } from 'node:crypto';

/**
 * A setting that is too long to be written down, or not for everybody to read, as `sha256:` and 64 digits. Objects count
 * by what JSON keeps of them, in any order; functions by their source text, not by what they refer to; a `Secret` only by
 * its place, so that a renewed key is no other setting and nobody can guess at it.
 */
export function digest(value: object | string): string {
  const text = JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'function' ? Function.prototype.toString.call(part) : withSortedKeys(part),
  );
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** Objects that hold the same have the same text in JSON then. Other values stay as they are. */
export function withSortedKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
