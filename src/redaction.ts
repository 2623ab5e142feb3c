const redacted = '[redacted]';

/** A value that must not be logged. Printing it, or turning it into JSON, gives `[redacted]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the one place that needs it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return redacted;
  }
}

/** Replaces the secrets it has been told of by `[redacted]`. One for each run: two runs do not share secrets. */
export class Redactor {
  /** Longest first: a secret that is part of another one must not break it up before it is found. */
  #values: readonly string[] = [];

  constructor(secrets: Iterable<Secret> = []) {
    for (const secret of secrets) this.add(secret);
  }

  add(secret: Secret): void {
    const value = secret.reveal();
    // Shorter values occur by chance, and replacing them would only garble the text.
    if (value.length < 4 || this.#values.includes(value)) return;
    this.#values = [...this.#values, value].sort((left, right) => right.length - left.length);
  }

  redact(text: string): string {
    let result = text;
    for (const value of this.#values) result = result.replaceAll(value, redacted);
    return result;
  }

  /** For text that arrives in pieces: a secret that is split between two of them is found as well. */
  stream(): RedactionStream {
    let held = '';
    return {
      write: (text) => {
        const redactedText = this.redact(held + text);
        const keep = this.#unfinishedLength(redactedText);
        held = redactedText.slice(redactedText.length - keep);
        return redactedText.slice(0, redactedText.length - keep);
      },
      end: () => {
        const rest = held;
        held = '';
        return rest;
      },
    };
  }

  /** Length of the longest end of `text` that a secret begins with. */
  #unfinishedLength(text: string): number {
    let longest = 0;
    for (const value of this.#values) {
      for (let length = Math.min(value.length - 1, text.length); length > longest; length--) {
        if (text.endsWith(value.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}

export interface RedactionStream {
  /** What can be shown by now. An end that may be the beginning of a secret is held back. */
  write(text: string): string;
  /** What was held back. */
  end(): string;
}

export type EnvironmentValue = string | Secret;
/** Environment variables of a command or computer. `Secret` values reach the process and no log; `undefined` is none. */
export type Environment = Readonly<Record<string, EnvironmentValue | undefined>>;

export function revealEnvironment(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(givenVariables(environment)).map(([name, value]) => [
      name,
      value instanceof Secret ? value.reveal() : value,
    ]),
  );
}

/** Without those that are undefined, so that they hide none of another environment. */
export function givenVariables(environment: Environment): Record<string, EnvironmentValue> {
  const isGiven = (entry: [string, EnvironmentValue | undefined]): entry is [string, EnvironmentValue] =>
    entry[1] !== undefined;
  return Object.fromEntries(Object.entries(environment).filter(isGiven));
}

/** Plain JSON of the same shape, with every text redacted. */
export function redactTexts(value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return redactor.redact(value);
  if (Array.isArray(value)) return value.map((item: unknown) => redactTexts(item, redactor));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    // A model chooses the keys of its arguments too.
    Object.entries(value).map(([key, item]) => [redactor.redact(key), redactTexts(item, redactor)]),
  );
}
