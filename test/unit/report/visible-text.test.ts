import { describe, expect, it } from 'vitest';
import { visibleText } from '../../../src/report/visible-text.js';

describe('visible text', () => {
  it.each([
    ['an escape sequence', '\u001b[31mred', '␛[31mred'],
    ['a carriage return that would overwrite a line', 'a\rb', 'a␍b'],
    ['a NUL and a DEL', '\u0000\u007f', '␀␡'],
    ['a reversed reading direction', 'a\u202eb', 'a‹U+202E›b'],
    ['half of a character', 'a\ud800b', 'a‹U+D800›b'],
  ])('shows %s', (_, text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });

  it('leaves lines, tabs, letters of all scripts and emoji as they are', () => {
    expect(visibleText('a\tb\r\nc\n中文 é 👩‍💻')).toBe('a\tb\nc\n中文 é 👩‍💻');
  });
});
