import { visibleText } from './visible-text.js';

/** HTML or SVG that is safe to put into a page. Only `markup` makes it. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

export type MarkupValue = Markup | string | number | undefined | false | readonly MarkupValue[];

/** A template whose values are escaped, for contents and for attributes in double quotes. `undefined` and `false` leave nothing. */
export function markup(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  return new Markup(
    strings.map((string, index) => (index === 0 ? string : rendered(values[index - 1]) + string)).join(''),
  );
}

function rendered(value: MarkupValue): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Markup) return value.toString();
  if (typeof value === 'object') return value.map(rendered).join('');
  return escaped(String(value));
}

function escaped(text: string): string {
  return visibleText(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
