import type { Redactor } from '../redaction.js';

/**
 * Removes secrets from an error that an implementation threw: from its message, its stack, its own properties and its
 * causes. The error stays the same object, so that its class and identity hold.
 */
export function redactError<E>(error: E, redactor: Redactor): E {
  for (
    let link: unknown = error, depth = 0;
    link instanceof Error && depth < 10;
    link = link.cause, depth++
  ) {
    for (const name of Reflect.ownKeys(link)) {
      if (name === 'cause') continue;
      const property = Object.getOwnPropertyDescriptor(link, name);
      if (property === undefined || !('value' in property)) continue;
      const value: unknown = property.value;
      const clean = redactValue(value, redactor);
      if (clean !== value) Reflect.defineProperty(link, name, { ...property, value: clean });
    }
    if (typeof link.cause === 'string') link.cause = redactor.redact(link.cause);
  }
  return error instanceof Error ? error : redactValue(error, redactor);
}

/** The same value where it holds no secret, else a copy without. Looks into strings, bytes, arrays and plain objects. */
export function redactValue<T>(value: T, redactor: Redactor): T {
  // Each branch gives back what it was given, only cleaner; TypeScript cannot follow that through a type parameter.
  return clean(value, redactor, 0) as T;
}

function clean(value: unknown, redactor: Redactor, depth: number): unknown {
  if (typeof value === 'string') return redactor.redact(value);
  if (value instanceof Uint8Array) return cleanBytes(value, redactor);
  if (depth > 8 || !isPlain(value)) return value;
  const before = Object.entries(value);
  const after = before.map(([name, item]): [string, unknown] => [name, clean(item, redactor, depth + 1)]);
  if (after.every(([, item], index) => item === before[index]?.[1])) return value;
  return Array.isArray(value) ? after.map(([, item]) => item) : Object.fromEntries(after);
}

function cleanBytes(bytes: Uint8Array, redactor: Redactor): Uint8Array {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const cleanText = redactor.redact(text);
  return cleanText === text ? bytes : new TextEncoder().encode(cleanText);
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
